package dev.hone.train.task.distil;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingBatch;
import java.util.Arrays;

/**
 * The divergence from what the {@link Teacher} said, a mean over learnt tokens. Without a share of the labels it is TRL's,
 * which has no factor T²; with a share w it is (1 - w) T² divergence + w cross-entropy.
 *
 * @param settings of the loss
 * @param top how many tokens the teacher kept at each place
 */
record DistilObjective(DistilSettings settings, int top) implements Objective {
  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    int[] labels = batch.labels();
    Variable logits = model.tokenLogits(batch.tokens(), labels, pass);
    int vocabulary = logits.shape().columns();
    int[] next = Arrays.stream(labels).filter(label -> label >= 0).toArray();
    Tensor teacher = Tensor.of(Teacher.spread(batch, vocabulary, top), next.length, vocabulary);
    return new Answer(loss(settings, logits, teacher, next, scale), -1, null);
  }

  /**
   * The sum of the losses of all rows of the logits, scaled.
   *
   * @param logits [M, V]
   * @param teacher log-probabilities at the temperature, [M, V]
   * @param right the label of each row
   */
  static Variable loss(DistilSettings settings, Variable logits, Tensor teacher, int[] right, float scale) {
    double share = settings.labels();
    double weight = share == 0 ? 1 : (1 - share) * settings.temperature() * settings.temperature();
    Variable loss = LossOps.generalizedJsd(logits, teacher, (float) settings.beta(), (float) settings.temperature(),
        (float) (scale * weight));
    return share == 0 ? loss
        : MathOps.add(loss, LossOps.crossEntropy(logits, right, CrossEntropySettings.PLAIN, (float) (scale * share)));
  }

  @Override
  public int items(TrainingBatch batch) {
    return batch.learnt();
  }
}
