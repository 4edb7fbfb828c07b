package dev.hone.train;

import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.data.Batches;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import java.util.List;
import java.util.Map;

/**
 * What is learnt: from a model and rows to a loss. One of your own is given to {@link dev.hone.train.task.Tuning#setObjective}:
 *
 * {@snippet :
 * record Focal() implements Objective {
 *   public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
 *     Variable logits = model.forward(batch.tokens(), pass);
 *     return new Answer(LossOps.focal(logits, batch.classes(), 2, null, scale), -1, logits.value());
 *   }
 *
 *   public int items(TrainingBatch batch) {
 *     return batch.size();
 *   }
 * }
 * tuning.setObjective((training, config) -> new Focal());
 * }
 */
public interface Objective {
  /**
   * What a model makes of some rows.
   *
   * @param loss the sum of the losses of the items, scaled
   * @param hits how many items are answered right; -1 where there is no right and wrong
   * @param logits [S, labels] of a classifier; null for a language model, which never has them all
   */
  record Answer(Variable loss, int hits, Tensor logits) {}

  /**
   * Runs the model.
   *
   * @param batch some rows of a set, which loss, weight and all figures of the step are made of
   * @param scale factor of the sum of the losses
   */
  Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass);

  /** How many items the mean of these rows' loss is taken over. */
  int items(TrainingBatch batch);

  /** What the mean of these rows' loss is taken over: the number of items, unless they have weights. */
  default double weight(TrainingBatch batch) {
    return items(batch);
  }

  /**
   * A mean loss that clearly no model has that knows nothing of the rows but what may be answered: one above it has lost what it
   * knew. Infinite if not said.
   */
  default double ignorance(PretrainedModel model, TrainingSet set) {
    return Double.POSITIVE_INFINITY;
  }

  /** A mean loss so small that one below it may rise to several times what it was without a meaning. */
  default double noise() {
    return 1e-3;
  }

  /** Which rows make up the batches of a run. */
  default Batches batches(TrainingSet set, TrainConfig config) {
    int budget = config.maxTokensPerBatch() == 0 ? BatchSampler.NO_LIMIT : config.maxTokensPerBatch();
    return new BatchSampler(set.lengths(), config.batchSize(), budget, config.groupByLength(), config.seed());
  }

  /**
   * Whether the loss looks at all rows of a batch together, such as at other rows' answers: then a batch is never cut, and a step
   * has no more blocks than batches.
   */
  default boolean ofWholeBatches() {
    return false;
  }

  /** Tokens of a batch of these rows that are in the model at a time, which its memory grows with. */
  default int tokensAtOnce(TrainingBatch batch) {
    return batch.tokenCount();
  }

  /** Whether steps have the dropout that model and adapter ask for. */
  default boolean dropsOut() {
    return true;
  }

  /** Whether {@link #figures} are of interest at every step, not only of held-out rows. */
  default boolean measuresSteps() {
    return false;
  }

  /**
   * What else is worth knowing of rows, by name; nothing unless said.
   *
   * @param answers what {@link Answer#logits} had of each row
   */
  default Map<String, Double> figures(List<float[]> answers) {
    return Map.of();
  }
}
