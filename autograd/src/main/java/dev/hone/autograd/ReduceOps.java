package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.ReduceKernels;

/** Sums, means, maxima and what is made of them along an axis. */
public final class ReduceOps {
  private static final ReduceKernels KERNELS = Kernels.active().reduce();

  private ReduceOps() {}

  /** into (+)= the sum of all rows of x: the gradient of a row that was added to each. [..., C] -> [C]. */
  static void sumRowsInto(Tensor x, Tensor into, boolean accumulate) {
    KERNELS.sum(x, 1, x.shape().rows(), x.shape().columns(), 1, accumulate, into);
  }

  /** Undoes broadcasting: the sum over all axes that grew on the way from {@code shape}. May return a view of x. */
  static Tensor sumTo(Tensor x, Shape shape) {
    Tensor sum = x;
    int added = x.shape().rank() - shape.rank();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      boolean grown = axis < added || shape.dim(axis - added) == 1 && x.dim(axis) != 1;
      if (grown) {
        Shape before = sum.shape();
        Tensor less = Tensor.empty(before.with(axis, 1));
        KERNELS.sum(sum, before.product(0, axis), before.dim(axis), before.product(axis + 1, before.rank()), 1, false, less);
        if (sum != x) {
          sum.release();
        }
        sum = less;
      }
    }
    return sum.reshape(shape);
  }

  /**
   * Mean of the rows of each sequence. [N, C] -> [S, C].
   *
   * @param offsets S + 1 bounds of the sequences, none of which is empty
   */
  public static Variable meanPerSequence(Variable x, int[] offsets) {
    Tensor in = x.value();
    int columns = in.shape().columns();
    Tensor y = Tensor.empty(offsets.length - 1, columns);
    for (int s = 0; s + 1 < offsets.length; s++) {
      int length = offsets[s + 1] - offsets[s];
      KERNELS.sum(in.slice(offsets[s], offsets[s + 1]), 1, length, columns, 1f / length, false, y.slice(s, s + 1));
    }
    return Variable.of("meanPerSequence", y).pullbackInto(x, (up, dx, accumulate) -> {
      if (!accumulate) {
        dx.fill(0);
      }
      for (int s = 0; s + 1 < offsets.length; s++) {
        Tensor row = up.slice(s, s + 1);
        float scale = 1f / (offsets[s + 1] - offsets[s]);
        for (int n = offsets[s]; n < offsets[s + 1]; n++) {
          Kernels.active().elementwise().addScaled(scale, row, dx.slice(n, n + 1));
        }
      }
    });
  }
}
