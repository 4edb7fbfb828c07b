package dev.hone.train.optim;

import dev.hone.core.HostArray;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;

/**
 * Adafactor (Shazeer and Stern 2018) as transformers has it: almost no memory for matrices. Weight decay shrinks the weight.
 *
 * @param eps added to squared gradients
 * @param leastScale the least size that a parameter counts as
 * @param clip the largest root mean square of an update
 * @param decayRate the mean of squares forgets 1 - step^decayRate
 * @param beta1 decay of the mean of updates; NaN for none
 * @param scaleParameter whether rates are relative to the size of the parameter
 * @param relativeStep whether the rule has a rate of its own, min(0.01, 1/√step), in place of the given one
 * @param warmup whether that rate begins with 1e-6 · step
 */
public record Adafactor(double eps, double leastScale, double clip, double decayRate, double beta1, boolean scaleParameter,
    boolean relativeStep, boolean warmup) implements UpdateRule {
  /** With rates that are given, as transformers sets it up for {@code optim: adafactor}. */
  public static final Adafactor USUAL = new Adafactor(1e-30, 1e-3, 1, -0.8, Double.NaN, false, false, false);

  @Override
  public double bytesPerElement() {
    return Double.isNaN(beta1) ? 0.1 : 4; // of matrices a row and a column
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    long step = state.step();
    double own = Math.min(warmup ? 1e-6 * step : 1e-2, 1 / Math.sqrt(step));
    double size = (relativeStep ? own : rate)
        * (scaleParameter ? Math.max(leastScale, FactoredSquares.rms(state.parameter().value())) : 1);
    FactoredSquares squares = new FactoredSquares(state, gradient, Math.pow(step, decayRate), eps, scale);
    try (Scope _ = Scope.open()) {
      Tensor update = Tensor.empty(gradient.shape());
      squares.normalise(gradient, scale, 0, 0, update);
      float factor = (float) (size / Math.max(1, FactoredSquares.rms(update) / clip));
      float stays = (float) (1 - size * decay);
      HostArray moved = update.onHost(HostArray.Access.READ);
      float[] u = moved.array();
      int ui = moved.offset();
      float[] mean = Double.isNaN(beta1) ? null : state.numbers("exp_avg");
      float rest = (float) (1 - beta1);
      state.each(gradient, (p, pi, _, _, from, to) -> {
        for (int i = from; i < to; i++) {
          float moves = factor * u[ui + i];
          if (mean != null) {
            mean[i] += rest * (moves - mean[i]);
            moves = mean[i];
          }
          p[pi + i] = stays * p[pi + i] - moves;
        }
      });
    }
  }
}
