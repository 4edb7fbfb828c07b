package dev.hone.train.task.generate;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.GradMode;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.lora.Adapter;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Logits;
import java.util.stream.IntStream;

/**
 * The loss of a language model plus a penalty for leaving its base: weight · KL(base || model), a mean over the same tokens.
 * The base is the model itself with the adapter switched off; there is no second one in memory. Evaluations leave the penalty
 * out.
 *
 * <p>Implementation note: logits of all rows with a label are in memory, the base's besides, unlike in the plain loss.
 */
record KlRegularizer(NextTokenObjective task, Adapter adapter, float weight) implements Objective {
  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    TokenBatch tokens = batch.tokens();
    int[] next = CausalHead.shifted(batch.labels(), tokens);
    int[] counted = IntStream.range(0, next.length).filter(row -> next[row] >= 0).toArray();
    if (!GradMode.isEnabled() || counted.length == 0) {
      return task.answer(model, batch, scale, pass);
    }
    Tensor base;
    try (GradMode _ = GradMode.disabled(); Adapter.Off _ = adapter.off()) {
      base = logits(model, tokens, counted, Pass.inference()).value();
    }
    Variable logits = logits(model, tokens, counted, pass);
    int[] labels = IntStream.of(counted).map(row -> next[row]).toArray();
    int hits = (int) IntStream.range(0, labels.length)
        .filter(i -> Logits.argMax(logits.value().slice(i, i + 1).toFloatArray()) == labels[i]).count();
    Variable loss = MathOps.add(LossOps.crossEntropy(logits, labels, task.settings(), scale),
        LossOps.forwardKl(logits, base, null, 1, scale * weight));
    return new Answer(loss, hits, null);
  }

  private static Variable logits(PretrainedModel model, TokenBatch batch, int[] rows, Pass pass) {
    return ((CausalHead) model.head()).logits(GatherOps.rows(model.hidden(batch, pass), rows), pass.over(batch).rows(rows));
  }

  @Override
  public int items(TrainingBatch batch) {
    return task.items(batch);
  }

  @Override
  public double weight(TrainingBatch batch) {
    return task.weight(batch);
  }

  /** Equal probabilities pay log V at most for leaving the base: KL(base || model) is log V less the base's entropy then. */
  @Override
  public double ignorance(PretrainedModel model, TrainingSet set) {
    return task.ignorance(model, set) + weight * Math.log(model.config().vocabSize());
  }

  @Override
  public double noise() {
    return task.noise();
  }

  @Override
  public int tokensAtOnce(TrainingBatch batch) {
    return task.tokensAtOnce(batch);
  }
}
