package dev.hone.train.task.rerank;

import dev.hone.autograd.LossOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;

/**
 * Binary cross-entropy of the one logit of each pair, a mean over pairs.
 *
 * @param positiveWeight what the positive part of the loss is multiplied by
 */
record RerankObjective(double positiveWeight) implements Objective {
  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    Variable logits = model.forward(batch.tokens(), pass);
    float[] targets = batch.values();
    Tensor weight = positiveWeight == 1 ? null : Tensor.of(new float[] {(float) positiveWeight}, 1);
    Variable loss = LossOps.binaryCrossEntropy(logits, Tensor.of(targets, batch.size(), 1), weight, scale);
    float[] found = logits.value().toFloatArray();
    int hits = 0;
    for (int i = 0; i < batch.size(); i++) {
      hits += found[i] > 0 == targets[i] > 0.5f ? 1 : 0;
    }
    return new Answer(loss, hits, null);
  }

  @Override
  public int items(TrainingBatch batch) {
    return batch.size();
  }

  /** A nat more than a coin has. */
  @Override
  public double ignorance(PretrainedModel model, TrainingSet set) {
    return Math.max(1, positiveWeight) * (Math.log(2) + 1);
  }
}
