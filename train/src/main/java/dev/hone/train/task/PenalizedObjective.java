package dev.hone.train.task;

import dev.hone.autograd.GradMode;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.lora.Adapter;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.Batches;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import java.util.List;
import java.util.Map;

/**
 * An objective plus what an adapter adds to the loss of every step, {@link Adapter#penalty}. Evaluations leave it out.
 *
 * @param task what is learnt
 */
record PenalizedObjective(Objective task, Adapter adapter) implements Objective {

  /** The objective, with the penalty of the adapter if it has one. */
  static Objective of(Objective task, Adapter adapter) {
    return adapter == null || adapter.penalty() == null ? task : new PenalizedObjective(task, adapter);
  }

  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    Answer answer = task.answer(model, batch, scale, pass);
    if (!GradMode.isEnabled()) {
      return answer;
    }
    Variable penalty = MathOps.mul(adapter.penalty(), (float) (scale * task.weight(batch))); // shares that add up to one
    return new Answer(MathOps.add(answer.loss(), penalty.reshape(answer.loss().shape().toArray())), answer.hits(),
        answer.logits());
  }

  @Override
  public int items(TrainingBatch batch) {
    return task.items(batch);
  }

  @Override
  public double weight(TrainingBatch batch) {
    return task.weight(batch);
  }

  @Override
  public double ignorance(PretrainedModel model, TrainingSet set) {
    return task.ignorance(model, set);
  }

  @Override
  public double noise() {
    return task.noise();
  }

  @Override
  public Batches batches(TrainingSet set, TrainConfig config) {
    return task.batches(set, config);
  }

  @Override
  public boolean ofWholeBatches() {
    return task.ofWholeBatches();
  }

  @Override
  public int tokensAtOnce(TrainingBatch batch) {
    return task.tokensAtOnce(batch);
  }

  @Override
  public boolean dropsOut() {
    return task.dropsOut();
  }

  @Override
  public boolean measuresSteps() {
    return task.measuresSteps();
  }

  @Override
  public Map<String, Double> figures(List<float[]> answers) {
    return task.figures(answers);
  }
}
