package dev.hone.autograd;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.Kernels;

/** Arithmetic on single elements, with NumPy's broadcasting where there are two operands. */
public final class MathOps {
  private static final ElementwiseKernels KERNELS = Kernels.active().elementwise();

  private MathOps() {}

  /** target += x, of the same shape. */
  static void addInto(Tensor x, Tensor target) {
    KERNELS.addScaled(1, x, target);
  }
}
