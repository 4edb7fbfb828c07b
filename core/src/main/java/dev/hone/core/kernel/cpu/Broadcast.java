package dev.hone.core.kernel.cpu;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import java.util.Arrays;

/**
 * How two operands repeat along a result, after NumPy's rule: shapes are aligned at the last axis, and an axis of size 1
 * or none repeats. Neighbouring axes that repeat alike are merged, so that equal shapes are one axis and a bias row two.
 */
public final class Broadcast {
  private final int[] sizes;
  private final int[] left; // distance in the left operand along each axis, 0 where it repeats
  private final int[] right;

  private Broadcast(int[] sizes, int[] left, int[] right) {
    this.sizes = sizes;
    this.left = left;
    this.right = right;
  }

  /** The way from a and b to y; fails where a size is neither 1 nor that of y. */
  public static Broadcast of(String op, Shape a, Shape b, Shape y) {
    check(op, "left", a, y);
    check(op, "right", b, y);
    int rank = y.rank();
    int[] sizes = new int[Math.max(rank, 1)];
    int[] left = new int[sizes.length];
    int[] right = new int[sizes.length];
    int merged = sizes.length; // filled from the back
    int strideLeft = 1;
    int strideRight = 1;
    for (int axis = rank - 1; axis >= 0; axis--) {
      int size = y.dim(axis);
      if (size == 1) {
        continue;
      }
      boolean inLeft = size(a, axis - rank) != 1;
      boolean inRight = size(b, axis - rank) != 1;
      if (merged < sizes.length && inLeft == (left[merged] != 0) && inRight == (right[merged] != 0)) {
        sizes[merged] *= size;
      } else {
        merged--;
        sizes[merged] = size;
        left[merged] = inLeft ? strideLeft : 0;
        right[merged] = inRight ? strideRight : 0;
      }
      strideLeft *= inLeft ? size : 1;
      strideRight *= inRight ? size : 1;
    }
    if (merged == sizes.length) { // one element
      merged--;
      sizes[merged] = 1;
    }
    return new Broadcast(tail(sizes, merged), tail(left, merged), tail(right, merged));
  }

  private static int[] tail(int[] values, int from) {
    return Arrays.copyOfRange(values, from, values.length);
  }

  /** Size of an axis counted from the end, 1 where the shape has none. */
  private static int size(Shape shape, int fromEnd) {
    return -fromEnd > shape.rank() ? 1 : shape.dim(fromEnd);
  }

  private static void check(String op, String name, Shape operand, Shape y) {
    boolean fits = operand.rank() <= y.rank();
    for (int i = 1; fits && i <= operand.rank(); i++) {
      fits = operand.dim(-i) == 1 || operand.dim(-i) == y.dim(-i);
    }
    if (!fits) {
      throw new ShapeException(op + ": the " + name + " operand " + operand + " cannot be broadcast to " + y
          + "; aligned at the last axis, each size must be equal or 1");
    }
  }

  /** Sizes of the merged axes of the result, of which there is one at least. A copy. */
  public int[] sizes() {
    return sizes.clone();
  }

  /** Distances in the left operand along each axis, 0 where it repeats. A copy. */
  public int[] leftStrides() {
    return left.clone();
  }

  /** Distances in the right operand along each axis, 0 where it repeats. A copy. */
  public int[] rightStrides() {
    return right.clone();
  }

  /** Length of the runs along which each operand either advances by one or stands still. */
  int run() {
    return sizes[sizes.length - 1];
  }

  /** Whether the left operand advances along a run. */
  boolean leftAdvances() {
    return left[left.length - 1] != 0;
  }

  /** Whether the right operand advances along a run. */
  boolean rightAdvances() {
    return right[right.length - 1] != 0;
  }

  /** Where run {@code index} starts in the left operand. */
  int leftStart(int index) {
    return start(left, index);
  }

  /** Where run {@code index} starts in the right operand. */
  int rightStart(int index) {
    return start(right, index);
  }

  private int start(int[] strides, int index) {
    int rest = index;
    int start = 0;
    for (int axis = sizes.length - 2; axis >= 0; axis--) {
      start += rest % sizes[axis] * strides[axis];
      rest /= sizes[axis];
    }
    return start;
  }
}
