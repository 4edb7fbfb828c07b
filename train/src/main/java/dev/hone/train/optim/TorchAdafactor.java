package dev.hone.train.optim;

import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

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
    Tensor value = state.parameter().value();
    double size = Math.max(leastScale, Adafactor.rms(value)) * Math.min(rate, 1 / Math.sqrt(state.step()));
    try (Scope _ = Scope.open()) {
      Tensor update = Adafactor.direction(state, gradient, Math.pow(state.step(), decay2), 0, eps, eps * eps, scale);
      float factor = (float) (size / Math.max(1, Adafactor.rms(update) / clip));
      Optimizer.now(ElementRule.ALONG, new float[] {(float) (1 - rate * decay), factor}, value, update);
    }
  }
}
