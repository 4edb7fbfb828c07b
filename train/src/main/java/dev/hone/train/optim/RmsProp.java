package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

/**
 * Gradients over the root of their mean of squares (Hinton 2012), as torch has it. Weight decay joins the gradient.
 *
 * @param alpha decay of the mean of squares
 * @param eps added to the root
 * @param momentum decay of the sum of steps; 0 for none
 * @param centered whether the square of the mean is taken from the mean of squares
 */
public record RmsProp(double alpha, double eps, double momentum, boolean centered) implements UpdateRule {
  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public double bytesPerElement() {
    return 4 + (momentum > 0 ? 4 : 0) + (centered ? 4 : 0);
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    state.move(ElementRule.RMSPROP, new float[] {scale, (float) decay, (float) alpha, (float) (1 - alpha), (float) momentum,
        (float) rate, (float) eps}, gradient, state.tensor("square_avg"), centered ? state.tensor("grad_avg") : null,
        momentum > 0 ? state.tensor("momentum_buffer") : null);
  }
}
