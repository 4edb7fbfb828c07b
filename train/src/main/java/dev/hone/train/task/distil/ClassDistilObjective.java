package dev.hone.train.task.distil;

import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.infer.Logits;
import java.util.Arrays;
import java.util.List;

/**
 * The divergence from what a {@link ClassifierTeacher} said, a mean over rows, as {@link DistilObjective} has it of tokens.
 *
 * @param settings of the loss
 */
record ClassDistilObjective(DistilSettings settings) implements Objective {
  /**
   * A row's target.
   *
   * @param label the right class
   * @param said the teacher's log-probability of each class
   */
  record Taught(int label, float[] said) implements Target.OfClass {
    @Override
    public float[] numbers() {
      return TeacherFile.joined(Target.OfClass.super.numbers(), said);
    }
  }

  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    Variable logits = model.forward(batch.tokens(), pass);
    int classes = model.labels().size();
    float[] teacher = new float[batch.size() * classes];
    List<Taught> targets = batch.targets(Taught.class);
    for (int i = 0; i < batch.size(); i++) {
      System.arraycopy(targets.get(i).said, 0, teacher, i * classes, classes);
    }
    int[] right = batch.classes();
    return new Answer(DistilObjective.loss(settings, logits, Tensor.of(teacher, batch.size(), classes), right, scale),
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
  public int items(TrainingBatch batch) {
    return batch.size();
  }
}
