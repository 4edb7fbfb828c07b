package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

/**
 * Adam that adapts only when it has seen enough to (Liu and others 2020): until then plain momentum.
 *
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the mean of squares
 * @param eps added to the root of the mean of squares
 * @param decoupled whether weight decay shrinks the weight; else it joins the gradient
 */
public record RAdam(double beta1, double beta2, double eps, boolean decoupled) implements UpdateRule {
  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    double power = Math.pow(beta2, state.step());
    double most = 2 / (1 - beta2) - 1;
    double length = most - 2 * state.step() * power / (1 - power); // of the average that the mean of squares stands for
    boolean adapts = length > 5;
    double rectified = adapts
        ? Math.sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)) * Math.sqrt(1 - power) : 1;
    float size = (float) (rate * rectified / (1 - Math.pow(beta1, state.step())));
    float keep = decoupled ? (float) (1 - rate * decay) : 1;
    float joins = decoupled ? 0 : (float) decay;
    float root = adapts ? 1 : 0; // the divisor is √b + eps, or 1
    state.move(ElementRule.ADAM, new float[] {scale, joins, keep, (float) beta1, (float) beta2, (float) (1 - beta1),
        (float) (1 - beta2), size, root, adapts ? (float) eps : 1}, gradient, state.tensor("exp_avg"),
        state.tensor("exp_avg_sq"));
  }
}
