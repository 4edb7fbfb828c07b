package dev.hone.train.task.prefer;

import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingBatch;
import java.util.List;
import java.util.Map;

/**
 * Prefers the chosen answer to the rejected one. Dropout is off, as the log-probabilities of the reference are without it. A
 * cross-entropy is a mean over the tokens of a batch, as TRL's, and counts by the batch's pairs in a window of several.
 *
 * @param loss of a pair
 */
record PairObjective(PairLoss loss) implements Objective {
  /** What an answer gives of each pair; the columns of its logits. */
  static final List<String> FIGURES = List.of("reward of the chosen", "reward of the rejected", "log p of the chosen",
      "log p of the rejected", "loss");

  @Override
  public Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    List<PreferenceRow> pairs = batch.targets(PreferenceRow.class);
    boolean whole = loss.settings().loss() == PreferenceLoss.ORPO;
    double nll = nllWeight();
    Answers answers = Answers.of(model, pairs, whole, without(pass));
    double[] slopes = new double[2 * batch.size()];
    float[] figures = new float[FIGURES.size() * batch.size()];
    double sum = 0;
    int hits = 0;
    for (int i = 0; i < batch.size(); i++) {
      PreferenceRow pair = pairs.get(i);
      PairLoss.Answer chosen = new PairLoss.Answer(answers.logp(2 * i), pair.firstReference(), answers.tokens(2 * i));
      PairLoss.Answer rejected = new PairLoss.Answer(answers.logp(2 * i + 1), pair.secondReference(), answers.tokens(2 * i + 1));
      PairLoss.Cost cost = loss.of(chosen, rejected).times(loss.settings().weight());
      sum += cost.loss();
      slopes[2 * i] = scale * cost.byChosen();
      slopes[2 * i + 1] = scale * cost.byRejected();
      double better = loss.reward(chosen);
      double worse = loss.reward(rejected);
      hits += better > worse ? 1 : 0;
      float[] row = {(float) better, (float) worse, (float) chosen.logp(), (float) rejected.logp(), (float) cost.loss()};
      System.arraycopy(row, 0, figures, row.length * i, row.length);
    }
    double perToken = nll == 0 ? 0 : nll * batch.size() / answers.firstTokens(whole);
    double total = sum + (nll == 0 ? 0 : perToken * answers.firstLosses(whole));
    return new Answer(answers.loss(scale * total, slopes, scale * perToken, whole), hits,
        Tensor.of(figures, batch.size(), FIGURES.size()));
  }

  /** The factor of the mean cross-entropy of chosen answers. */
  private double nllWeight() {
    return switch (loss.settings().loss()) {
      case ORPO -> 1;
      case CPO, CPO_HINGE, SIMPO -> loss.settings().cpoAlpha();
      default -> loss.settings().sftWeight();
    };
  }

  /** A pass without any dropout, of adapters as well, that recomputes what the given one would. */
  static Pass without(Pass pass) {
    return pass.withoutDropout();
  }

  /** A mean over the tokens of a batch is not one over those of its parts. */
  @Override
  public boolean ofWholeBatches() {
    return nllWeight() != 0;
  }

  @Override
  public boolean measuresSteps() {
    return true;
  }

  @Override
  public Map<String, Double> figures(List<float[]> answers) {
    return PreferenceFigures.of(answers, true).named(true);
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
