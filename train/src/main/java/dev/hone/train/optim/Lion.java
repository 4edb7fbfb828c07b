package dev.hone.train.optim;

import dev.hone.core.Tensor;

/**
 * Lion (Chen and others 2023, algorithm 2): steps of equal size along the sign of a mean of gradients; half the memory of
 * Adam. Weight decay is decoupled.
 *
 * @param beta1 share of the mean in the sign
 * @param beta2 decay of the mean
 */
public record Lion(double beta1, double beta2) implements UpdateRule {
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
    float[] m = state.numbers("exp_avg");
    float b1 = (float) beta1;
    float rest1 = (float) (1 - beta1);
    float b2 = (float) beta2;
    float rest2 = (float) (1 - beta2);
    float size = (float) rate;
    float keep = (float) (1 - rate * decay);
    state.each(gradient, (p, pi, g, gi, from, to) -> {
      for (int i = from; i < to; i++) {
        float x = scale * g[gi + i];
        float direction = b1 * m[i] + rest1 * x;
        p[pi + i] = keep * p[pi + i] - size * Math.signum(direction);
        m[i] = b2 * m[i] + rest2 * x;
      }
    });
  }
}
