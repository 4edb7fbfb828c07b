package dev.hone.train.task.tag;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Logits;
import java.util.Arrays;

/**
 * Cross-entropy of the labels of words, at their first tokens: a mean over all labelled tokens of a window.
 *
 * @param settings of the cross-entropy
 */
record TagObjective(CrossEntropySettings settings) implements Objective {
  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    Variable logits = model.forward(batch.tokens(), pass);
    int[] labels = labels(batch);
    int width = logits.shape().columns();
    float[] values = logits.value().toFloatArray();
    int hits = 0;
    for (int t = 0; t < labels.length; t++) {
      hits += labels[t] >= 0 && Logits.argMax(Arrays.copyOfRange(values, t * width, (t + 1) * width)) == labels[t] ? 1 : 0;
    }
    return new Answer(LossOps.crossEntropy(logits, labels, settings, scale), hits, null);
  }

  /** The labels of all tokens of these rows, one row after the other; -1 where there is none. */
  static int[] labels(TrainingBatch batch) {
    return batch.targets(Tags.class).stream().flatMapToInt(tags -> Arrays.stream(tags.labels())).toArray();
  }

  /**
   * A row's target.
   *
   * @param labels one for each token, -1 where there is none
   */
  record Tags(int[] labels) implements Target {
    @Override
    public float[] numbers() {
      float[] numbers = new float[labels.length];
      for (int t = 0; t < numbers.length; t++) {
        numbers[t] = labels[t];
      }
      return numbers;
    }
  }

  @Override
  public int items(TrainingBatch batch) {
    return (int) Arrays.stream(labels(batch)).filter(label -> label >= 0).count();
  }

  @Override
  public double weight(TrainingBatch batch) {
    return settings.weightOf(labels(batch));
  }

  /** A nat more than equal probabilities have. */
  @Override
  public double ignorance(PretrainedModel model, TrainingSet set) {
    return Math.log(model.labels().size()) + 1;
  }
}
