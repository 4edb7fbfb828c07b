package dev.hone.autograd;

import dev.hone.core.Tensor;

/**
 * What the head of a language model and its cross-entropy give, see {@link LossOps#linearCrossEntropy}.
 *
 * @param loss scale · Σ of the row losses, []
 * @param rowLosses loss of each labelled row, in order, not scaled; [M]
 * @param hits number of labelled rows where no logit exceeds that of the label: token accuracy is hits / M
 */
public record HeadLoss(Variable loss, Tensor rowLosses, int hits) {}
