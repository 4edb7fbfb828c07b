package dev.hone.train.task.generate;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.HeadLoss;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.train.Objective;
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
  public Answer answer(PretrainedModel model, TrainingSet set, int[] rows, float scale, Pass pass) {
    TokenBatch batch = set.batch(rows);
    int[] labels = set.labels(rows).clone();
    for (int s = 0; s < batch.sequences(); s++) {
      if (batch.offsets()[s] < batch.offsets()[s + 1]) {
        labels[batch.offsets()[s]] = -1; // a tuned prompt could predict first tokens, but nothing else does: never counted
      }
    }
    HeadLoss result = model.loss(batch, labels, settings, scale, pass);
    return new Answer(result.loss(), result.hits(), null);
  }

  /** A nat more than equal probabilities have. */
  @Override
  public double ignorance(PretrainedModel model, TrainingSet set) {
    return Math.log(model.config().vocabSize()) + 1;
  }

  @Override
  public int items(TrainingSet set, int[] rows) {
    TokenBatch batch = set.batch(rows);
    return CausalHead.count(set.labels(rows), batch);
  }
}
