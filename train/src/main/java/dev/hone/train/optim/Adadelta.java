package dev.hone.train.optim;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;

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
    state.move(ElementRule.ADADELTA, new float[] {scale, (float) decay, (float) rho, (float) (1 - rho), (float) rate,
        (float) eps}, gradient, state.tensor("square_avg"), state.tensor("acc_delta"));
  }
}
