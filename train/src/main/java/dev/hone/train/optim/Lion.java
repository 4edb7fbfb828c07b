package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

/**
 * Lion (Chen and others 2023, algorithm 2): steps of equal size along the sign of a mean of gradients; half the memory of
 * Adam. Weight decay is decoupled.
 *
 * @param beta1 share of the mean in the sign
 * @param beta2 decay of the mean
 */
public record Lion(double beta1, double beta2) implements UpdateRule {
  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public double bytesPerElement() {
    return Float.BYTES;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    state.move(ElementRule.LION, new float[] {scale, (float) (1 - rate * decay), (float) beta1, (float) beta2,
        (float) (1 - beta1), (float) (1 - beta2), (float) rate}, gradient, state.tensor("exp_avg"));
  }
}
