package dev.hone.autograd;

import dev.hone.core.Tensor;

/**
 * What the head of a language model and its cross-entropy give, see {@link LossOps#linearCrossEntropy}.
 *
 * @param loss scale · Σ of the row losses, []
 * @param rowLosses loss of each labelled row, in order, not scaled; [M]
 * @param right of each labelled row, in order: whether no logit exceeds that of the label; M
 */
public record HeadLoss(Variable loss, Tensor rowLosses, boolean[] right) {
  /** The number of labelled rows that are right: token accuracy is hits / M. */
  public int hits() {
    int hits = 0;
    for (boolean row : right) {
      hits += row ? 1 : 0;
    }
    return hits;
  }
}
