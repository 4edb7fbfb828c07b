package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

/**
 * Gradients over the root of the sum of all their squares (Duchi, Hazan and Singer 2011), as torch has it. Weight decay joins
 * the gradient.
 *
 * @param rateDecay the rate of step t is divided by 1 + (t - 1) · rateDecay
 * @param initial what the sum begins with
 * @param eps added to the root
 */
public record Adagrad(double rateDecay, double initial, double eps) implements UpdateRule {
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
    float size = (float) (rate / (1 + (state.step() - 1) * rateDecay));
    state.move(ElementRule.ADAGRAD, new float[] {scale, (float) decay, size, (float) eps}, gradient,
        state.tensor("sum", (float) initial, state.parameter().shape()));
  }
}
