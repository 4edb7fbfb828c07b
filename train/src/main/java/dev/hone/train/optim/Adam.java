package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

/**
 * Adam (Kingma and Ba 2015). Without {@code decoupled} weight decay joins the gradient, as it does in torch's Adam.
 *
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the mean of squares
 * @param eps added to the root of the mean of squares
 * @param amsgrad whether the largest mean of squares so far divides, not the present one (Reddi and others 2018)
 * @param decoupled whether decay shrinks the weight, as {@link AdamW}'s does, which is faster where both fit
 */
public record Adam(double beta1, double beta2, double eps, boolean amsgrad, boolean decoupled) implements UpdateRule {
  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public double bytesPerElement() {
    return amsgrad ? 12 : 8;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    float keep = decoupled ? (float) (1 - rate * decay) : 1;
    float joins = decoupled ? 0 : (float) decay;
    float size = (float) (rate / (1 - Math.pow(beta1, state.step())));
    float root = (float) (1 / Math.sqrt(1 - Math.pow(beta2, state.step())));
    float[] numbers = {scale, joins, keep, (float) beta1, (float) beta2, (float) (1 - beta1), (float) (1 - beta2), size, root,
        (float) eps};
    Tensor mean = state.tensor("exp_avg");
    Tensor square = state.tensor("exp_avg_sq");
    if (amsgrad) {
      state.move(ElementRule.AMSGRAD, numbers, gradient, mean, square, state.tensor("max_exp_avg_sq"));
    } else {
      state.move(ElementRule.ADAM, numbers, gradient, mean, square);
    }
  }
}
