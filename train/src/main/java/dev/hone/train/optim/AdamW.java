package dev.hone.train.optim;

import dev.hone.autograd.RowGradient;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.OptimizerKernels;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019).
 *
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the mean of squares
 * @param eps added to the root of the mean of squares
 */
public record AdamW(double beta1, double beta2, double eps) implements UpdateRule {
  /** What transformers uses: 0.9, 0.999, 1e-8. */
  public static final AdamW USUAL = new AdamW(0.9, 0.999, 1e-8);

  @Override
  public boolean elementwise() {
    return true;
  }

  @Override
  public boolean takesRows() {
    return true;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    update(state, gradient, null, rate, decay, scale);
  }

  @Override
  public void update(ParameterState state, RowGradient gradient, double rate, double decay, float scale) {
    update(state, gradient.values(), gradient.rows(), rate, decay, scale);
  }

  private void update(ParameterState state, Tensor gradient, int[] rows, double rate, double decay, float scale) {
    state.move(ElementRule.ADAMW, OptimizerKernels.adamWNumbers(state.step(), rate, beta1, beta2, eps, decay, scale), gradient,
        rows, state.tensor("exp_avg"), state.tensor("exp_avg_sq"));
  }
}
