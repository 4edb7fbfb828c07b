package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;

/** Other shapes for the same elements, and elements moved, repeated, joined or cut. */
public final class ShapeOps {
  private ShapeOps() {}

  /** The same elements under another shape, one size of which may be -1. A view. */
  public static Variable reshape(Variable x, int... dims) {
    Shape from = x.shape();
    return Variable.of("reshape", x.value().reshape(dims)).pullback(x, up -> up.reshape(from));
  }

  /** Repeats axes of size 1, and adds axes in front, to reach a shape. */
  public static Variable expand(Variable x, int... dims) {
    Shape from = x.shape();
    Shape to = Shape.of(dims);
    if (from.equals(to)) {
      return x;
    }
    if (!broadcast("expand", from, to).equals(to)) {
      throw new ShapeException("expand: " + from + " cannot become " + to + ": only axes of size 1 can grow");
    }
    Tensor y = Tensor.empty(to);
    Kernels.active().elementwise().binary(Binary.ADD, x.value(), Tensor.scalar(0), y);
    return Variable.of("expand", y).pullback(x, up -> ReduceOps.sumTo(up, from));
  }

  /** The shape that two shapes meet in: aligned at the end, axes of size 1 grow. */
  static Shape broadcast(String op, Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank());
    int[] dims = new int[rank];
    for (int i = 1; i <= rank; i++) {
      int left = i <= a.rank() ? a.dim(-i) : 1;
      int right = i <= b.rank() ? b.dim(-i) : 1;
      if (left != right && left != 1 && right != 1) {
        throw new ShapeException(op + ": " + a + " and " + b + " do not fit: axis -" + i + " is " + left + " and " + right
            + "; sizes must be equal or 1");
      }
      dims[rank - i] = left == 1 ? right : left;
    }
    return Shape.of(dims);
  }
}
