package dev.hone.train;

import dev.hone.nn.Labels;
import dev.hone.train.encode.TrainingSet;

/**
 * A measure on held-out rows that the best step is chosen and early stopping decided by: one of {@link HeldOutMetric}, or your
 * own.
 *
 * {@snippet :
 * tuning.setMetric((evaluated, heldOut, labels) -> recallOf("fraud", evaluated.logits(), heldOut, labels));
 * }
 */
@FunctionalInterface
public interface Metric {
  /**
   * The value; NaN where there is none, which is never the best.
   *
   * @param evaluated what the model makes of the rows
   * @param heldOut the rows
   * @param labels of the model, null for a language model
   */
  double of(Evaluated evaluated, TrainingSet heldOut, Labels labels);

  /** Whether a higher value is the better one; unless said otherwise it is. */
  default boolean higherIsBetter() {
    return true;
  }
}
