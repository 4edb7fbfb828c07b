package dev.hone.autograd;

import dev.hone.core.Tensor;

/**
 * What the head of a language model and its cross-entropy give, see {@link LossOps#linearCrossEntropy}.
 *
 * @param loss scale · Σ of the row losses, []
 * @param rowLosses loss of each labelled row, in order, not scaled; [M]
 * @param right of each labelled row, in order: 1 if no logit exceeds that of the label, else 0; [M]
 */
public record HeadLoss(Variable loss, Tensor rowLosses, Tensor right) {
  /** The number of labelled rows that are right: token accuracy is hits / M. */
  public int hits() {
    int hits = 0;
    for (float row : right.toFloatArray()) {
      hits += row > 0 ? 1 : 0;
    }
    return hits;
  }
}
