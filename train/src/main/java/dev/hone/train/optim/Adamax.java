package dev.hone.train.optim;

import dev.hone.core.Tensor;

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
    float[] m = state.numbers("exp_avg");
    float[] u = state.numbers("exp_inf");
    float joins = (float) decay;
    float b1 = (float) beta1;
    float b2 = (float) beta2;
    float rest1 = (float) (1 - beta1);
    float size = (float) (rate / (1 - Math.pow(beta1, state.step())));
    float small = (float) eps;
    state.each(gradient, (p, pi, g, gi, from, to) -> {
      for (int i = from; i < to; i++) {
        float x = scale * g[gi + i] + joins * p[pi + i];
        m[i] = b1 * m[i] + rest1 * x;
        u[i] = Math.max(b2 * u[i], Math.abs(x) + small);
        p[pi + i] -= size * m[i] / u[i];
      }
    });
  }
}
