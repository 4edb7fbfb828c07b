package dev.hone.lora;

import dev.hone.autograd.GradMode;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import java.util.Arrays;

/** The product of an adapted layer as one operator. */
final class LoraOps {
  private LoraOps() {}

  /**
   * y = base + scale · (x · Aᵀ) · Bᵀ, written over {@code base}: no other matrix of [N, out] is made. With h = scale · x · Aᵀ:
   * dB = dyᵀ · h, dA = scale · (dy · B)ᵀ · x, dx = scale · dy · B · A.
   *
   * @param base [N, out], fresh from the layer and used by nobody else
   * @param x [N, in]
   * @param a [R, in]
   * @param b [out, R]
   */
  static Variable addLowRank(Variable base, Variable x, Variable a, Variable b, float scale) {
    Tensor in = x.value();
    Tensor down = a.value();
    Tensor up = b.value();
    int rank = down.dim(0);
    MatMulKernels kernels = Kernels.of("lora", in, down, up).matmul();
    Tensor h = in.emptyLike(in.shape().with(-1, rank));
    if (GradMode.isGenerating()) {
      kernels.stream(in, down, true, h, Epilogue.scale(scale));
    } else {
      kernels.matmul(in, false, down, true, false, h, Epilogue.scale(scale));
    }
    Tensor y = base.value();
    kernels.matmul(h, false, up, true, true, y);
    return Variable.of("lora", y)
        .pullback(base, dy -> dy)
        .pullbacks(Arrays.asList(x, a, b), (dy, targets) -> {
          boolean addX = targets.accumulates(0);
          boolean addA = targets.accumulates(1);
          boolean addB = targets.accumulates(2);
          if (targets.wants(2)) {
            kernels.matmul(dy, true, h, false, addB, targets.buffer(2));
          }
          if (targets.wants(0) || targets.wants(1)) {
            Tensor dh = h.emptyLike(h.shape());
            kernels.matmul(dy, false, up, false, false, dh, Epilogue.scale(scale));
            if (targets.wants(1)) {
              x.recall(input -> kernels.matmul(dh, true, input, false, addA, targets.buffer(1)));
            }
            if (targets.wants(0)) {
              kernels.matmul(dh, false, down, false, addX, targets.buffer(0));
            }
          }
        })
        .saves(h, a.requiresGradient() ? x.recallable() : null, a.value(), b.value())
        .roundable(h, x.recallable());
  }
}
