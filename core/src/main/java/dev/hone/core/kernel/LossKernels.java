package dev.hone.core.kernel;

import dev.hone.core.Tensor;

/** Losses over rows of logits, and over single numbers. */
public interface LossKernels {
  /** Losses of a number x with its target y; σ is the logistic function. */
  enum Pointwise {
    /** (x - y)². */
    SQUARED_ERROR,
    /** -(weight · y · log σ(x) + (1 - y) · log(1 - σ(x))). */
    BINARY_CROSS_ENTROPY,
    /** alpha_t · (1 - p_t)^p · binary cross-entropy; p_t and alpha_t are those of the target, alpha is q for a target of 1. */
    SIGMOID_FOCAL,
    /** -weight · (1 - e^x)^p · x: x is the log of a label's probability, and there are no targets. */
    FOCAL,
    /** ½ · (y · x² + (1 - y) · max(0, p - x)²). */
    CONTRASTIVE,
    /** max(0, x + p), without targets. */
    HINGE
  }

  /**
   * loss = scale · Σ f(x), and its gradient in the same pass, in float64: what has one number per class is small.
   *
   * @param x [..., K]
   * @param target y, of the shape of x; null where there are none
   * @param weight [K], or of the shape of x; null for ones
   * @param p parameter of the function, if it has one
   * @param q parameter of the function, if it has two
   * @param gradient of the shape of x, receives d loss / d x
   * @param loss []
   */
  void pointwise(Pointwise function, Tensor x, Tensor target, Tensor weight, float p, float q, float scale,
      Tensor gradient, Tensor loss);

  /** hits[i] = 1 if no logit of row i exceeds that of its label, else 0. [M, V] -> [M]. */
  void hits(Tensor logits, int[] labels, Tensor hits);

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
