package dev.hone.train.optim;

import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.Kernels;

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
        * (scaleParameter ? Math.max(leastScale, rms(state.parameter().value())) : 1);
    try (Scope _ = Scope.open()) {
      Tensor update = direction(state, gradient, Math.pow(step, decayRate), eps, 0, 0, scale);
      float factor = (float) (size / Math.max(1, rms(update) / clip));
      float stays = (float) (1 - size * decay);
      if (Double.isNaN(beta1)) {
        Optimizer.now(ElementRule.ALONG, new float[] {stays, factor}, state.parameter().value(), update);
      } else {
        Optimizer.now(ElementRule.FOLLOW, new float[] {stays, factor, (float) (1 - beta1)}, state.parameter().value(), update,
            state.tensor("exp_avg"));
      }
    }
  }

  /** The gradient over the root of its factored mean of squares; see {@code OptimizerKernels.factored}. */
  static Tensor direction(ParameterState state, Tensor gradient, double share, double floor, double leastMean, double least,
      float scale) {
    Shape shape = state.parameter().shape();
    boolean matrix = shape.rank() > 1;
    Tensor row = matrix ? state.tensor("exp_avg_sq_row", 0, Shape.of(shape.rows())) : state.tensor("exp_avg_sq");
    Tensor column = matrix ? state.tensor("exp_avg_sq_col", 0, Shape.of(shape.columns())) : null;
    Tensor update = gradient.emptyLike(shape);
    Kernels.of(gradient).optimizer().factored(gradient, scale, share, floor, leastMean, least, row, column, update);
    return update;
  }

  /** √(mean of squares). */
  static double rms(Tensor x) {
    return Math.sqrt(Kernels.of(x).reduce().sumOfSquares(x) / x.size());
  }
}
