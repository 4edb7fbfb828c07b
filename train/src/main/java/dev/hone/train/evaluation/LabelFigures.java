package dev.hone.train.evaluation;

import dev.hone.train.metric.Average;
import dev.hone.train.metric.MultiLabelScores;
import dev.hone.train.metric.Ranking;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Figures of rows with any number of labels each. AUROC and average precision are means over labels that both occur and not. */
final class LabelFigures implements Figures {
  private final boolean[][] truth;
  private final boolean[][] predicted;
  private final double[] losses;
  private final List<Ranking> rankings;

  LabelFigures(List<Prediction.SomeLabels> rows) {
    truth = rows.stream().map(Prediction.SomeLabels::truth).toArray(boolean[][]::new);
    predicted = rows.stream().map(Prediction.SomeLabels::predicted).toArray(boolean[][]::new);
    losses = rows.stream().mapToDouble(Prediction::loss).toArray();
    rankings = IntStream.range(0, truth[0].length).mapToObj(l -> {
      boolean[] positive = new boolean[truth.length];
      double[] scores = new double[truth.length];
      for (int i = 0; i < truth.length; i++) {
        positive[i] = truth[i][l];
        scores[i] = rows.get(i).probabilities()[l];
      }
      return new Ranking(positive, scores);
    }).toList();
  }

  @Override
  public List<String> names() {
    return List.of("loss", "accuracy", "hamming_loss", "micro_precision", "micro_recall", "micro_f1", "macro_precision",
        "macro_recall", "macro_f1", "weighted_precision", "weighted_recall", "weighted_f1", "samples_precision", "samples_recall",
        "samples_f1", "auroc", "average_precision");
  }

  @Override
  public double[] of(int[] rows) {
    MultiLabelScores scores = MultiLabelScores.of(IntStream.of(rows).mapToObj(row -> truth[row]).toArray(boolean[][]::new),
        IntStream.of(rows).mapToObj(row -> predicted[row]).toArray(boolean[][]::new));
    int[] times = Ranking.times(rows, truth.length);
    List<Double> values = new ArrayList<>();
    values.add(IntStream.of(rows).mapToDouble(row -> losses[row]).average().orElse(Double.NaN));
    values.add(scores.subsetAccuracy());
    values.add(scores.hammingLoss());
    for (Average average : Average.values()) {
      ClassFigures.add(scores.scores(average), values);
    }
    ClassFigures.add(scores.samples(), values);
    values.add(rankings.stream().mapToDouble(ranking -> ranking.auroc(times)).filter(v -> !Double.isNaN(v)).average()
        .orElse(Double.NaN));
    values.add(rankings.stream().mapToDouble(ranking -> ranking.averagePrecision(times)).filter(v -> !Double.isNaN(v)).average()
        .orElse(Double.NaN));
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
