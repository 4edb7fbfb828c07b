package dev.hone.train.optim;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ByteTable;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.OptimizerKernels;

/**
 * AdamW whose means take a byte per element (Dettmers and others 2022): blocks of 256 elements are scaled by their largest
 * and rounded to the nearest entry of a table that is fine near 0. Parameters of fewer than 4096 elements keep full means.
 *
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the mean of squares
 * @param eps added to the root of the mean of squares
 */
public record AdamW8bit(double beta1, double beta2, double eps) implements UpdateRule {
  private static final int SMALLEST = 4096;

  @Override
  public double bytesPerElement() {
    return 2.1; // codes, a scale for each block, and some small parameters whole
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    Tensor value = state.parameter().value();
    int n = value.shape().length();
    if (n < SMALLEST) {
      new AdamW(beta1, beta2, eps).update(state, gradient, rate, decay, scale);
      return;
    }
    Shape blocks = Shape.of(Math.ceilDiv(n, ByteTable.BLOCK));
    Kernels.of(gradient).optimizer().adamW8bit(
        OptimizerKernels.adamWNumbers(state.step(), rate, beta1, beta2, eps, decay, scale), value, gradient,
        state.bytes("exp_avg", n, ByteTable.SIGNED.zero()), state.tensor("exp_avg_scale", 0, blocks),
        state.bytes("exp_avg_sq", n, ByteTable.UNSIGNED.zero()), state.tensor("exp_avg_sq_scale", 0, blocks));
  }
}
