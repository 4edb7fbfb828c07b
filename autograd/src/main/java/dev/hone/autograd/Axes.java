package dev.hone.autograd;

import dev.hone.core.Shape;
import java.util.Arrays;

/** The axes of a shape that a reduction takes away. */
record Axes(Shape shape, boolean[] reduced) {
  /** These axes of a shape; negative ones count from the end, none at all means every axis. */
  static Axes of(Shape shape, int... axes) {
    boolean[] reduced = new boolean[shape.rank()];
    for (int axis : axes) {
      reduced[shape.axis(axis)] = true;
    }
    for (int i = 0; axes.length == 0 && i < reduced.length; i++) {
      reduced[i] = true;
    }
    return new Axes(shape, reduced);
  }

  /** The shape of the result with 1 in place of each reduced axis. */
  Shape kept() {
    int[] dims = shape.toArray();
    for (int i = 0; i < dims.length; i++) {
      dims[i] = reduced[i] ? 1 : dims[i];
    }
    return Shape.of(dims);
  }

  /** The shape of the result, without the reduced axes unless {@code keepAxes}. */
  Shape result(boolean keepAxes) {
    if (keepAxes) {
      return kept();
    }
    int rank = 0;
    int[] dims = new int[shape.rank()];
    for (int i = 0; i < dims.length; i++) {
      if (!reduced[i]) {
        dims[rank++] = shape.dim(i);
      }
    }
    return Shape.of(Arrays.copyOf(dims, rank));
  }

  /** How many elements go into one of the result. */
  int count() {
    int count = 1;
    for (int i = 0; i < reduced.length; i++) {
      count *= reduced[i] ? shape.dim(i) : 1;
    }
    return count;
  }

  /** Bounds of the last run of reduced neighbours below {@code end}; [0, 0) if there is none. */
  int[] lastRunBelow(int end) {
    int to = end;
    while (to > 0 && !reduced[to - 1]) {
      to--;
    }
    int from = to;
    while (from > 0 && reduced[from - 1]) {
      from--;
    }
    return new int[] {from, to};
  }

  /** The order of axes that puts the reduced ones last, the rest as they were. */
  int[] reducedLast() {
    int[] order = new int[shape.rank()];
    int next = 0;
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < order.length; i++) {
        if (reduced[i] == (pass == 1)) {
          order[next++] = i;
        }
      }
    }
    return order;
  }
}
