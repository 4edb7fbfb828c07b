package dev.hone.train.task.distil;

import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Logits;
import java.util.Arrays;

/**
 * The divergence from what a {@link ClassifierTeacher} said, a mean over rows, as {@link DistilObjective} has it of tokens.
 * Targets are the class and the teacher's log-probability of each.
 *
 * @param settings of the loss
 */
record ClassDistilObjective(DistilSettings settings) implements Objective {
  @Override
  public Answer answer(PretrainedModel model, TrainingSet set, int[] rows, float scale, Pass pass) {
    Variable logits = model.forward(set.batch(rows), pass);
    int classes = model.labels().size();
    float[] teacher = new float[rows.length * classes];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(set.targets().get(rows[i]), 1, teacher, i * classes, classes);
    }
    int[] right = set.classes(rows);
    return new Answer(DistilObjective.loss(settings, logits, Tensor.of(teacher, rows.length, classes), right, scale),
        hits(logits.value(), right), logits.value());
  }

  private static int hits(Tensor logits, int[] right) {
    float[] all = logits.toFloatArray();
    int classes = all.length / right.length;
    int hits = 0;
    for (int i = 0; i < right.length; i++) {
      hits += Logits.argMax(Arrays.copyOfRange(all, i * classes, (i + 1) * classes)) == right[i] ? 1 : 0;
    }
    return hits;
  }

  @Override
  public int items(TrainingSet set, int[] rows) {
    return rows.length;
  }
}
