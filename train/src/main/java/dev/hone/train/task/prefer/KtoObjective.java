package dev.hone.train.task.prefer;

import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingBatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * KTO: an answer that was liked costs w(1 - σ(β(c - z))), one that was not w(1 - σ(β(z - r))), where c and r are log ratios
 * to the reference and z is the mean log ratio of answers to other prompts in the batch, at least 0 and a constant in the
 * backward pass.
 *
 * @param settings factors
 */
record KtoObjective(PreferenceSettings settings) implements Objective {
  /** What an answer gives of each row; the columns of its logits. */
  static final List<String> FIGURES = List.of("reward", "liked", "log p", "distance", "loss");

  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    List<PreferenceRow> all = batch.targets(PreferenceRow.class);
    Answers answers = Answers.of(model, all, false, PairObjective.without(pass));
    double beta = settings.beta();
    double distance = 0;
    for (int i = 0; i < batch.size(); i++) {
      distance += (answers.logp(2 * i + 1) - all.get(i).secondReference()) / batch.size();
    }
    double z = Math.max(0, distance);
    double[] slopes = new double[2 * batch.size()];
    float[] figures = new float[FIGURES.size() * batch.size()];
    double sum = 0;
    for (int i = 0; i < batch.size(); i++) {
      double sign = all.get(i).extra();
      double weight = settings.weight() * (sign > 0 ? settings.desirableWeight() : settings.undesirableWeight());
      double ratio = answers.logp(2 * i) - all.get(i).firstReference();
      double p = PairLoss.sigmoid(sign * beta * (ratio - z));
      double loss = weight * PairLoss.sigmoid(-sign * beta * (ratio - z));
      sum += loss;
      slopes[2 * i] = -scale * weight * sign * beta * p * (1 - p);
      float[] row = {(float) (beta * ratio), (float) sign, (float) answers.logp(2 * i), (float) distance, (float) loss};
      System.arraycopy(row, 0, figures, row.length * i, row.length);
    }
    return new Answer(answers.loss(scale * sum, slopes, 0, false), -1, Tensor.of(figures, batch.size(), FIGURES.size()));
  }

  /** The mean log ratio is that of a batch. */
  @Override
  public boolean ofWholeBatches() {
    return true;
  }

  @Override
  public boolean measuresSteps() {
    return true;
  }

  @Override
  public Map<String, Double> figures(List<float[]> answers) {
    Map<String, Double> figures = new LinkedHashMap<>(PreferenceFigures.of(answers, false).named(false));
    figures.put("kl", answers.stream().mapToDouble(row -> Math.max(0, row[3])).average().orElse(0));
    return figures;
  }

  @Override
  public boolean dropsOut() {
    return false;
  }

  @Override
  public int items(TrainingBatch batch) {
    return batch.size();
  }
}
