package dev.hone.train.evaluation;

import dev.hone.train.metric.RegressionScores;
import java.util.List;
import java.util.stream.IntStream;

/** Figures of rows with a number each. */
final class NumberFigures implements Figures {
  private final double[] truth;
  private final double[] predicted;

  NumberFigures(List<Prediction.OneNumber> rows) {
    truth = rows.stream().mapToDouble(Prediction.OneNumber::truth).toArray();
    predicted = rows.stream().mapToDouble(Prediction.OneNumber::predicted).toArray();
  }

  @Override
  public List<String> names() {
    return List.of("loss", "mae", "rmse", "r2", "pearson", "spearman");
  }

  @Override
  public double[] of(int[] rows) {
    RegressionScores scores = RegressionScores.of(IntStream.of(rows).mapToDouble(row -> truth[row]).toArray(),
        IntStream.of(rows).mapToDouble(row -> predicted[row]).toArray());
    return new double[] {scores.mse(), scores.mae(), scores.rmse(), scores.r2(), scores.pearson(), scores.spearman()};
  }
}
