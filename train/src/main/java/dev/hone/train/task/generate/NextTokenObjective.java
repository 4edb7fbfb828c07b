package dev.hone.train.task.generate;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.HeadLoss;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;

/**
 * Cross-entropy of every token that is to be learnt, given those before it. Logits of other tokens are never made.
 *
 * @param settings of the cross-entropy
 */
public record NextTokenObjective(CrossEntropySettings settings) implements Objective {
  /** The cross-entropy alone. */
  public static final NextTokenObjective PLAIN = new NextTokenObjective(CrossEntropySettings.PLAIN);

  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    HeadLoss result = model.loss(batch.tokens(), batch.labels(), settings, scale, pass);
    return new Answer(result.loss(), result.hits(), null);
  }

  /** A nat more than equal probabilities have. */
  @Override
  public double ignorance(PretrainedModel model, TrainingSet set) {
    return Math.log(model.config().vocabSize()) + 1;
  }

  @Override
  public int items(TrainingBatch batch) {
    return batch.learnt();
  }
}
