package dev.hone.train.optim;

import dev.hone.core.Tensor;

/**
 * Adadelta (Zeiler 2012): steps as large as recent steps, over recent gradients. Weight decay joins the gradient.
 *
 * @param rho decay of both means of squares
 * @param eps added to both means
 */
public record Adadelta(double rho, double eps) implements UpdateRule {
  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    float[] square = state.numbers("square_avg");
    float[] steps = state.numbers("acc_delta");
    float joins = (float) decay;
    float keep = (float) rho;
    float rest = (float) (1 - rho);
    float small = (float) eps;
    float size = (float) rate;
    state.each(gradient, (p, pi, g, gi, from, to) -> {
      for (int i = from; i < to; i++) {
        float x = scale * g[gi + i] + joins * p[pi + i];
        square[i] = keep * square[i] + rest * x * x;
        float delta = (float) Math.sqrt(steps[i] + small) / (float) Math.sqrt(square[i] + small) * x;
        steps[i] = keep * steps[i] + rest * delta * delta;
        p[pi + i] -= size * delta;
      }
    });
  }
}
