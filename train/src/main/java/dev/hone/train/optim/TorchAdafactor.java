package dev.hone.train.optim;

import dev.hone.core.HostArray;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;

/**
 * Adafactor as torch has it, which differs from {@link Adafactor}: rates are relative to the size of the parameter and fall
 * with 1/√step, and small squares are raised to a bound instead of all being raised by it. Weight decay shrinks the weight.
 *
 * @param eps the least root of a mean of squares
 * @param leastScale the least size that a parameter counts as
 * @param decay2 the mean of squares forgets 1 - step^decay2
 * @param clip the largest root mean square of an update
 */
public record TorchAdafactor(double eps, double leastScale, double decay2, double clip) implements UpdateRule {
  @Override
  public double bytesPerElement() {
    return 0.1; // of matrices a row and a column
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    double size = Math.max(leastScale, FactoredSquares.rms(state.parameter().value()))
        * Math.min(rate, 1 / Math.sqrt(state.step()));
    FactoredSquares squares = new FactoredSquares(state, gradient, Math.pow(state.step(), decay2), 0, scale);
    try (Scope _ = Scope.open()) {
      Tensor update = Tensor.empty(gradient.shape());
      squares.normalise(gradient, scale, eps, eps * eps, update);
      float factor = (float) (size / Math.max(1, FactoredSquares.rms(update) / clip));
      float stays = (float) (1 - rate * decay);
      HostArray moved = update.onHost(HostArray.Access.READ);
      float[] u = moved.array();
      int ui = moved.offset();
      state.each(gradient, (p, pi, _, _, from, to) -> {
        for (int i = from; i < to; i++) {
          p[pi + i] = stays * p[pi + i] - factor * u[ui + i];
        }
      });
    }
  }
}
