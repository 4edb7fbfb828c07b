package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

/**
 * Adam with the largest recent gradient in place of the root of the mean of squares (Kingma and Ba 2015, section 7.1). Weight
 * decay joins the gradient.
 *
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the largest gradient
 * @param eps the least that a gradient counts as
 */
public record Adamax(double beta1, double beta2, double eps) implements UpdateRule {
  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    float size = (float) (rate / (1 - Math.pow(beta1, state.step())));
    state.move(ElementRule.ADAMAX, new float[] {scale, (float) decay, (float) beta1, (float) beta2, (float) (1 - beta1), size,
        (float) eps}, gradient, state.tensor("exp_avg"), state.tensor("exp_inf"));
  }
}
