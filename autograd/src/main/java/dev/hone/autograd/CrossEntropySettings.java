package dev.hone.autograd;

import dev.hone.core.Device;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;

/**
 * Variants of the cross-entropy of a row with logits z, p = softmax(z) and label t:
 * (1 - smoothing) · w[t] · (-log p_t) + smoothing / V · Σ_j w_j · (-log p_j) + zLoss · (log Σ e^z)².
 *
 * @param classWeights w, [V], or null for ones
 * @param smoothing label smoothing, from 0 (none) to 1
 * @param zLoss factor of the squared log-sum-exp, 0 for none
 */
public record CrossEntropySettings(Tensor classWeights, float smoothing, float zLoss) {
  /** -log p_t. */
  public static final CrossEntropySettings PLAIN = new CrossEntropySettings(null, 0, 0);

  public CrossEntropySettings {
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new IllegalArgumentException("cross-entropy: label smoothing must be from 0 to 1, got " + smoothing);
    }
    if (!(zLoss >= 0)) {
      throw new IllegalArgumentException("cross-entropy: the factor of the z-loss must not be negative, got " + zLoss);
    }
  }

  /**
   * What a mean over rows is divided by: the class weights of all labels, or the number of labels; negative ones count nothing.
   */
  public double weightOf(int[] labels) {
    double weight = 0;
    for (int label : labels) {
      if (label >= 0) {
        weight += classWeights == null ? 1 : classWeights.get(label);
      }
    }
    return weight;
  }

  /** The class weights on the device of what they weigh; null for ones. */
  Tensor classWeightsOn(Device device) {
    return classWeights == null ? null : classWeights.to(device);
  }

  /** Throws unless these settings and labels fit rows of {@code classes} logits. */
  void check(String op, int rows, int[] labels, int classes) {
    if (labels.length != rows) {
      throw new ShapeException(op + ": " + labels.length + " labels for " + rows + " rows");
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] >= classes) {
        throw new ShapeException(op + ": label " + labels[i] + " at row " + i + "; there are " + classes + " classes");
      }
    }
    if (classWeights != null && classWeights.size() != classes) {
      throw new ShapeException(op + ": class weights " + classWeights.shape() + " for " + classes + " classes");
    }
  }
}
