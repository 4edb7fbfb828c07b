package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

/**
 * Gradient descent, with momentum if that is above 0. Weight decay joins the gradient.
 *
 * @param momentum decay of the sum of gradients
 * @param dampening share of a gradient that does not enter the sum, from the second step on
 * @param nesterov whether a step looks one step ahead
 */
public record Sgd(double momentum, double dampening, boolean nesterov) implements UpdateRule {
  /** Plain descent. */
  public static final Sgd PLAIN = new Sgd(0, 0, false);

  /** Throws {@link IllegalArgumentException} for Nesterov's momentum without momentum or with dampening. */
  public Sgd {
    if (nesterov && (momentum <= 0 || dampening != 0)) {
      throw new IllegalArgumentException("sgd: nesterov needs a momentum above 0 and no dampening, got " + momentum + " and "
          + dampening);
    }
  }

  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public double bytesPerElement() {
    return momentum > 0 ? 4 : 0;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    float keep = (float) momentum;
    float enters = state.step() == 1 ? 1 : (float) (1 - dampening);
    boolean sums = momentum != 0;
    float[] numbers = {scale, (float) decay, (float) rate, keep, enters, nesterov || !sums ? 1 : 0,
        nesterov ? keep : sums ? 1 : 0};
    state.move(ElementRule.SGD, numbers, gradient, sums ? state.tensor("momentum_buffer") : null);
  }
}
