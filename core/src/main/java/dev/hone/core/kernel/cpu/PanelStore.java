package dev.hone.core.kernel.cpu;

import java.util.ArrayDeque;

/**
 * The arrays that packed operands lie in, kept between products. A product borrows a pair and its threads share it; products
 * that run at the same time have different pairs.
 */
final class PanelStore {
  private final ArrayDeque<Panels> free = new ArrayDeque<>();

  synchronized Panels take() {
    Panels panels = free.poll();
    return panels == null ? new Panels() : panels;
  }

  synchronized void give(Panels panels) {
    free.push(panels);
  }

  /** Room for one packed operand on either side; grows to the largest ever wanted. */
  static final class Panels {
    private float[] left = {};
    private float[] right = {};

    float[] left(int length) {
      return left.length < length ? left = new float[length] : left;
    }

    float[] right(int length) {
      return right.length < length ? right = new float[length] : right;
    }
  }
}
