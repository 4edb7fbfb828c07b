package dev.hone.core.kernel.cpu;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import java.util.Arrays;

/** Where the runs along the last axis of y = permute(x) start in x, with neighbouring axes merged that stay neighbours. */
public final class Permutation {
  private final int[] sizes; // of y
  private final int[] strides; // in x

  private Permutation(int[] sizes, int[] strides) {
    this.sizes = sizes;
    this.strides = strides;
  }

  /** The way from x to y; fails where the order does not fit them. */
  public static Permutation of(Shape x, int[] order, Shape y) {
    int rank = x.rank();
    boolean[] seen = new boolean[rank];
    boolean fits = order.length == rank && y.rank() == rank;
    for (int i = 0; fits && i < rank; i++) {
      fits = order[i] >= 0 && order[i] < rank && !seen[order[i]] && y.dim(i) == x.dim(order[i]);
      seen[fits ? order[i] : 0] = true;
    }
    if (!fits) {
      throw new ShapeException("permute: x is " + x + ", y is " + y + ", the order " + Arrays.toString(order)
          + "; it must name each axis of x once, and axis i of y must have the size of axis order[i] of x");
    }
    int[] strides = new int[rank];
    int stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= x.dim(i);
    }
    int[] sizes = new int[Math.max(rank, 1)];
    int[] steps = new int[sizes.length];
    int count = 0;
    for (int i = 0; i < rank; i++) {
      int size = y.dim(i);
      int step = strides[order[i]];
      if (count > 0 && steps[count - 1] == size * step) {
        sizes[count - 1] *= size;
        steps[count - 1] = step;
      } else if (size != 1) {
        sizes[count] = size;
        steps[count++] = step;
      }
    }
    if (count == 0) {
      sizes[0] = 1;
      steps[count++] = 1;
    }
    return new Permutation(Arrays.copyOf(sizes, count), Arrays.copyOf(steps, count));
  }

  /** Sizes of the merged axes of y, of which there is one at least. A copy. */
  public int[] sizes() {
    return sizes.clone();
  }

  /** Distances in x along each of them. A copy. */
  public int[] strides() {
    return strides.clone();
  }

  /** Length of a run. */
  int run() {
    return sizes[sizes.length - 1];
  }

  /** Distance in x between the elements of a run. */
  int runStride() {
    return strides[strides.length - 1];
  }

  /** Where run {@code index} starts in x. */
  int start(int index) {
    int rest = index;
    int start = 0;
    for (int axis = sizes.length - 2; axis >= 0; axis--) {
      start += rest % sizes[axis] * strides[axis];
      rest /= sizes[axis];
    }
    return start;
  }
}
