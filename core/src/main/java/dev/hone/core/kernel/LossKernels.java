package dev.hone.core.kernel;

import dev.hone.core.Tensor;

/** Losses over rows of logits. */
public interface LossKernels {
  /**
   * Cross-entropy of each row, and its gradient in the same pass. With p = softmax(z), t the label, e = {@code smoothing}:
   * loss = (1 - e) · w[t] · (-log p_t) + e / V · Σ_j w_j · (-log p_j) + zLoss · (log Σ e^z)².
   *
   * @param logits [M, V]; overwritten by d(scale · Σ loss)/d logits if {@code gradient}
   * @param labels M numbers from 0 to V - 1, or negative for rows that count nothing (loss and gradient 0)
   * @param classWeights w, [V], or null for ones
   * @param smoothing label smoothing e, 0 for none
   * @param zLoss factor of the squared log-sum-exp, 0 for none
   * @param gradient whether to overwrite {@code logits}
   * @param scale factor of the gradient
   * @param losses [M], receives the loss of each row, not scaled
   */
  void crossEntropy(Tensor logits, int[] labels, Tensor classWeights, float smoothing, float zLoss, boolean gradient,
      float scale, Tensor losses);
}
