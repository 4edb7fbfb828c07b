package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

/**
 * Adam with Nesterov's momentum (Dozat 2016), as torch has it.
 *
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the mean of squares
 * @param eps added to the root of the mean of squares
 * @param momentumDecay how fast the momentum approaches {@code beta1}
 * @param decoupled whether weight decay shrinks the weight; else it joins the gradient
 */
public record NAdam(double beta1, double beta2, double eps, double momentumDecay, boolean decoupled) implements UpdateRule {
  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    double product = 1; // a function of the step alone, so it needs no memory; its factors near beta1 end it soon
    for (long t = 1; t <= state.step() && product > Double.MIN_NORMAL; t++) {
      product *= momentum(t);
    }
    double mu = momentum(state.step());
    double next = momentum(state.step() + 1);
    float ofGradient = (float) (rate * (1 - mu) / (1 - product));
    float ofMean = (float) (rate * next / (1 - product * next));
    float keep = decoupled ? (float) (1 - rate * decay) : 1;
    float joins = decoupled ? 0 : (float) decay;
    float root = (float) (1 / Math.sqrt(1 - Math.pow(beta2, state.step())));
    state.move(ElementRule.NADAM, new float[] {scale, joins, keep, (float) beta1, (float) beta2, (float) (1 - beta1),
        (float) (1 - beta2), ofGradient, ofMean, root, (float) eps}, gradient, state.tensor("exp_avg"),
        state.tensor("exp_avg_sq"));
  }

  private double momentum(long step) {
    return beta1 * (1 - 0.5 * Math.pow(0.96, step * momentumDecay));
  }
}
