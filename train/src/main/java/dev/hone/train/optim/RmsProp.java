package dev.hone.train.optim;

import dev.hone.core.Tensor;

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
    float[] square = state.numbers("square_avg");
    float[] mean = centered ? state.numbers("grad_avg") : null;
    float[] sum = momentum > 0 ? state.numbers("momentum_buffer") : null;
    float joins = (float) decay;
    float keep = (float) alpha;
    float rest = (float) (1 - alpha);
    float small = (float) eps;
    float rolls = (float) momentum;
    float size = (float) rate;
    state.each(gradient, (p, pi, g, gi, from, to) -> {
      for (int i = from; i < to; i++) {
        float x = scale * g[gi + i] + joins * p[pi + i];
        square[i] = keep * square[i] + rest * x * x;
        float around = 0;
        if (mean != null) {
          mean[i] = keep * mean[i] + rest * x;
          around = mean[i];
        }
        float step = x / ((float) Math.sqrt(square[i] - around * around) + small);
        if (sum != null) {
          sum[i] = rolls * sum[i] + step;
          step = sum[i];
        }
        p[pi + i] -= size * step;
      }
    });
  }
}
