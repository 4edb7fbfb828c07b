package dev.hone.train.optim;

import dev.hone.core.Tensor;

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
    float[] m = state.numbers("exp_avg");
    float[] v = state.numbers("exp_avg_sq");
    float[] largest = amsgrad ? state.numbers("max_exp_avg_sq") : v;
    float keep = decoupled ? (float) (1 - rate * decay) : 1;
    float joins = decoupled ? 0 : (float) decay;
    float b1 = (float) beta1;
    float b2 = (float) beta2;
    float rest1 = (float) (1 - beta1);
    float rest2 = (float) (1 - beta2);
    float size = (float) (rate / (1 - Math.pow(beta1, state.step())));
    float root = (float) (1 / Math.sqrt(1 - Math.pow(beta2, state.step())));
    float small = (float) eps;
    state.each(gradient, (p, pi, g, gi, from, to) -> {
      for (int i = from; i < to; i++) {
        float x = scale * g[gi + i] + joins * p[pi + i];
        m[i] = b1 * m[i] + rest1 * x;
        v[i] = b2 * v[i] + rest2 * x * x;
        largest[i] = Math.max(largest[i], v[i]);
        p[pi + i] = keep * p[pi + i] - size * m[i] / ((float) Math.sqrt(largest[i]) * root + small);
      }
    });
  }
}
