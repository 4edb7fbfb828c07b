package dev.hone.train.task.prefer;

import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingBatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A reward model: a number for each text, higher for the better one: -log σ(chosen - rejected - margin) + centering (chosen +
 * rejected)².
 *
 * @param settings factors
 */
record RewardObjective(PreferenceSettings settings) implements Objective {
  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    List<PreferenceRow> pairs = batch.targets(PreferenceRow.class);
    Variable rewards = model.forward(PreferenceRow.batch(pairs), PairObjective.without(pass)); // [2 · rows, 1]
    float[] values = rewards.value().toFloatArray();
    float[] gradient = new float[values.length];
    float[] figures = new float[PairObjective.FIGURES.size() * batch.size()];
    double sum = 0;
    int hits = 0;
    for (int i = 0; i < batch.size(); i++) {
      double chosen = values[2 * i];
      double rejected = values[2 * i + 1];
      double x = chosen - rejected - pairs.get(i).extra();
      double both = chosen + rejected;
      double loss = PairLoss.softplus(-x) + settings.centering() * both * both;
      double slope = -PairLoss.sigmoid(-x);
      sum += loss;
      gradient[2 * i] = (float) (scale * (slope + 2 * settings.centering() * both));
      gradient[2 * i + 1] = (float) (scale * (-slope + 2 * settings.centering() * both));
      hits += chosen > rejected ? 1 : 0;
      float[] row = {(float) chosen, (float) rejected, 0, 0, (float) loss};
      System.arraycopy(row, 0, figures, row.length * i, row.length);
    }
    int[] shape = rewards.shape().toArray();
    Variable loss = Variable.of("reward", rewards.value().scalarLike((float) (scale * sum))).pullback(rewards, up -> {
      float[] scaled = gradient.clone();
      float factor = up.item();
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] *= factor;
      }
      return Tensor.of(scaled, shape).to(up.device());
    }).saves();
    return new Answer(loss, hits, Tensor.of(figures, batch.size(), PairObjective.FIGURES.size()));
  }

  @Override
  public boolean measuresSteps() {
    return true;
  }

  @Override
  public Map<String, Double> figures(List<float[]> answers) {
    Map<String, Double> figures = new LinkedHashMap<>(PreferenceFigures.of(answers, true).named(true));
    figures.keySet().removeIf(name -> name.startsWith("logps"));
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
