package dev.hone.autograd;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;

/** Losses. Each returns {@code scale} times a sum over rows, so that the caller decides what the mean is taken over. */
public final class LossOps {
  private LossOps() {}

  /**
   * Cross-entropy of rows of logits. [M, V] -> [].
   *
   * @param labels M classes; negative ones count nothing
   * @param classWeights [V] or null
   * @param smoothing label smoothing, 0 for none
   * @param zLoss factor of the squared log-sum-exp, 0 for none
   * @param scale of the sum, such as one over the number of labelled rows
   */
  public static Variable crossEntropy(Variable logits, int[] labels, Tensor classWeights, float smoothing, float zLoss,
      float scale) {
    Tensor gradient = logits.value().copy(); // the kernel turns logits into their gradient
    Tensor losses = Tensor.empty(labels.length);
    boolean save = Variable.needsGradient(logits);
    Kernels.active().loss().crossEntropy(gradient, labels, classWeights, smoothing, zLoss, save, scale, losses);
    Tensor sum = Tensor.empty();
    Kernels.active().reduce().sum(losses, 1, labels.length, 1, scale, false, sum);
    losses.release();
    return Variable.of("crossEntropy", sum)
        .pullbackInto(logits, (up, dLogits, accumulate) -> scaledInto(gradient, up.item(), accumulate, dLogits))
        .saves(gradient);
  }

  /** into (+)= factor · x. */
  private static void scaledInto(Tensor x, float factor, boolean accumulate, Tensor into) {
    if (!accumulate) {
      into.fill(0);
    }
    Kernels.active().elementwise().addScaled(factor, x, into);
  }
}
