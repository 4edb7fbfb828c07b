package dev.hone.train.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Figures of pairs of answers: means over pairs. Those of rewards are there if there is a reference. */
final class PairFigures implements Figures {
  private final List<String> names = new ArrayList<>();
  private final List<double[]> values = new ArrayList<>(); // by figure, by row

  PairFigures(List<Prediction.OnePair> rows) {
    add("loss", rows, Prediction.OnePair::loss);
    add("accuracy", rows, row -> row.chosen() > row.rejected() ? 1 : 0);
    add("margin", rows, row -> row.chosen() - row.rejected());
    Prediction.OnePair first = rows.getFirst();
    if (first.chosenTokens() > 0) {
      add("accuracy_per_token", rows, row -> row.chosen() / row.chosenTokens() > row.rejected() / row.rejectedTokens() ? 1 : 0);
      add("chosen_logp", rows, Prediction.OnePair::chosen);
      add("rejected_logp", rows, Prediction.OnePair::rejected);
    }
    if (!Double.isNaN(first.chosenReward())) {
      add("reward_accuracy", rows, row -> row.chosenReward() > row.rejectedReward() ? 1 : 0);
      add("reward_margin", rows, row -> row.chosenReward() - row.rejectedReward());
      add("chosen_reward", rows, Prediction.OnePair::chosenReward);
      add("rejected_reward", rows, Prediction.OnePair::rejectedReward);
    }
  }

  private void add(String name, List<Prediction.OnePair> rows, ToDoubleFunction<Prediction.OnePair> figure) {
    names.add(name);
    values.add(rows.stream().mapToDouble(figure).toArray());
  }

  @Override
  public List<String> names() {
    return names;
  }

  @Override
  public double[] of(int[] rows) {
    return values.stream().mapToDouble(of -> Arrays.stream(rows).mapToDouble(row -> of[row]).average().orElse(Double.NaN))
        .toArray();
  }
}
