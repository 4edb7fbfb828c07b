package own;

import dev.hone.core.Tensor;
import dev.hone.train.optim.ParameterState;
import dev.hone.train.optim.UpdateRule;

/** An update rule that Hone does not have: a step of the same size for every element, against the sign of its gradient. */
public record SignDescent(double factor) implements UpdateRule {
  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    Tensor value = state.parameter().value();
    float[] moved = value.toFloatArray();
    float[] slope = gradient.toFloatArray();
    for (int i = 0; i < moved.length; i++) {
      moved[i] -= (float) (rate * factor) * Math.signum(scale * slope[i]);
    }
    value.copyFrom(Tensor.of(moved, moved.length).reshape(value.shape()));
  }

  @Override
  public double bytesPerElement() {
    return 0;
  }
}
