package dev.hone.train.evaluation;

import dev.hone.train.metric.Average;
import dev.hone.train.metric.ConfusionMatrix;
import dev.hone.train.metric.ProbabilityScores;
import dev.hone.train.metric.Ranking;
import dev.hone.train.metric.Scores;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Figures of rows with one class each. AUROC and average precision of more than two are means of each against the rest. */
final class ClassFigures implements Figures {
  /** Bins of the calibration error. */
  static final int BINS = 15;

  private static final List<String> COMMON = List.of("loss", "accuracy", "balanced_accuracy", "micro_precision", "micro_recall",
      "micro_f1", "macro_precision", "macro_recall", "macro_f1", "weighted_precision", "weighted_recall", "weighted_f1",
      "matthews", "auroc", "average_precision", "calibration_error");

  private final int[] truth;
  private final int[] predicted;
  private final double[][] probabilities;
  private final double[] losses;
  private final double[] confidences;
  private final int[] bins;
  private final int classes;
  private final List<Ranking> rankings; // of class 1 of two, else of each class against the rest

  ClassFigures(List<Prediction.OneClass> rows) {
    truth = rows.stream().mapToInt(Prediction.OneClass::truth).toArray();
    predicted = rows.stream().mapToInt(Prediction.OneClass::predicted).toArray();
    probabilities = rows.stream().map(Prediction.OneClass::probabilities).toArray(double[][]::new);
    losses = rows.stream().mapToDouble(Prediction::loss).toArray();
    confidences = IntStream.range(0, truth.length).mapToDouble(i -> probabilities[i][predicted[i]]).toArray();
    bins = DoubleStream.of(confidences).mapToInt(confidence -> ProbabilityScores.bin(confidence, BINS)).toArray();
    classes = probabilities[0].length;
    rankings = IntStream.range(classes == 2 ? 1 : 0, classes).mapToObj(this::ranking).toList();
  }

  private Ranking ranking(int c) {
    boolean[] positive = new boolean[truth.length];
    double[] scores = new double[truth.length];
    for (int i = 0; i < truth.length; i++) {
      positive[i] = truth[i] == c;
      scores[i] = probabilities[i][c];
    }
    return new Ranking(positive, scores);
  }

  @Override
  public List<String> names() {
    List<String> names = new ArrayList<>(COMMON);
    if (classes == 2) {
      names.add("brier");
    }
    return names;
  }

  @Override
  public double[] of(int[] rows) {
    int[] drawnTruth = new int[rows.length];
    int[] drawnPredicted = new int[rows.length];
    int[] times = new int[truth.length];
    double[] surplus = new double[BINS]; // of the confidence over the accuracy, of all rows of a bin together
    double loss = 0;
    double brier = 0;
    for (int i = 0; i < rows.length; i++) {
      int row = rows[i];
      drawnTruth[i] = truth[row];
      drawnPredicted[i] = predicted[row];
      times[row]++;
      surplus[bins[row]] += confidences[row] - (predicted[row] == truth[row] ? 1 : 0);
      loss += losses[row];
      double error = classes == 2 ? probabilities[row][1] - truth[row] : 0;
      brier += error * error;
    }
    ConfusionMatrix matrix = ConfusionMatrix.of(drawnTruth, drawnPredicted, classes);
    List<Double> values = new ArrayList<>();
    values.add(loss / rows.length);
    values.add(matrix.accuracy());
    values.add(matrix.balancedAccuracy());
    for (Average average : Average.values()) {
      add(matrix.scores(average), values);
    }
    values.add(matrix.matthews());
    values.add(rankings.stream().mapToDouble(ranking -> ranking.auroc(times)).average().orElse(Double.NaN));
    values.add(rankings.stream().mapToDouble(ranking -> ranking.averagePrecision(times)).average().orElse(Double.NaN));
    values.add(DoubleStream.of(surplus).map(Math::abs).sum() / rows.length);
    if (classes == 2) {
      values.add(brier / rows.length);
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  static void add(Scores scores, List<Double> values) {
    values.add(scores.precision());
    values.add(scores.recall());
    values.add(scores.f1());
  }
}
