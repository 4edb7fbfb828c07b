package dev.hone.train.metric;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Measures of predicted class probabilities. With two classes, class 1 is the positive one.
 *
 * @param truth the true class of each row
 * @param probabilities [rows, classes], each row adding up to 1
 */
public record ProbabilityScores(int[] truth, double[][] probabilities) {
  /** What scikit-learn keeps probabilities away from 0 and 1 by. */
  private static final double EPSILON = Math.ulp(1.0);

  /** Checks the sizes. */
  public ProbabilityScores {
    int classes = probabilities.length == 0 ? 0 : probabilities[0].length;
    if (truth.length != probabilities.length) {
      throw new IllegalArgumentException("ProbabilityScores: " + truth.length + " true classes, " + probabilities.length
          + " rows of probabilities");
    }
    for (int i = 0; i < truth.length; i++) {
      if (probabilities[i].length != classes || truth[i] < 0 || truth[i] >= classes) {
        throw new IllegalArgumentException("ProbabilityScores: row " + i + " has class " + truth[i] + " and "
            + probabilities[i].length + " probabilities; the first row has " + classes);
      }
    }
  }

  /** The likeliest class of each row, the lowest of equals. */
  public int[] predicted() {
    return IntStream.range(0, truth.length).map(this::best).toArray();
  }

  /** The mean of −ln p(true class), probabilities kept 2.2e-16 away from 0 and 1. */
  public double logLoss() {
    double sum = 0;
    for (int i = 0; i < truth.length; i++) {
      sum -= Math.log(Math.clamp(probabilities[i][truth[i]], EPSILON, 1 - EPSILON));
    }
    return sum / truth.length;
  }

  /** The mean of (p(class 1) − truth)²; for two classes. */
  public double brier() {
    double sum = 0;
    for (int i = 0; i < truth.length; i++) {
      double error = probabilities[i][1] - truth[i];
      sum += error * error;
    }
    return sum / truth.length;
  }

  /** Area under the ROC curve; with more than two classes the mean of each class against the rest. NaN if a class has no row. */
  public double auroc() {
    return overClasses(Ranking::auroc);
  }

  /** Average precision; with more than two classes the mean of each class against the rest. NaN if a class has no row. */
  public double averagePrecision() {
    return overClasses(Ranking::averagePrecision);
  }

  /**
   * Expected calibration error: the mean over rows of how far the accuracy of a row's bin is from the bin's mean confidence.
   *
   * @param bins the number of equal bins; 15 is usual
   */
  public double calibrationError(int bins) {
    return reliability(bins).stream().mapToDouble(b -> b.rows * Math.abs(b.accuracy - b.confidence)).sum() / truth.length;
  }

  /**
   * The reliability curve: rows by their confidence, the probability of the likeliest class. Bin b holds confidences in
   * (b / bins, (b + 1) / bins]; empty bins are left out.
   */
  public List<Bin> reliability(int bins) {
    double[] confidence = new double[bins];
    int[] hits = new int[bins];
    int[] rows = new int[bins];
    for (int i = 0; i < truth.length; i++) {
      double p = probabilities[i][best(i)];
      int b = bin(p, bins);
      confidence[b] += p;
      hits[b] += best(i) == truth[i] ? 1 : 0;
      rows[b]++;
    }
    List<Bin> curve = new ArrayList<>();
    for (int b = 0; b < bins; b++) {
      if (rows[b] > 0) {
        curve.add(new Bin((double) b / bins, (b + 1.0) / bins, rows[b], confidence[b] / rows[b], hits[b] / (double) rows[b]));
      }
    }
    return curve;
  }

  /** The bin of a confidence, from 0. */
  public static int bin(double confidence, int bins) {
    int b = Math.clamp((int) Math.ceil(confidence * bins) - 1, 0, bins - 1);
    // The product is rounded; the bounds decide.
    return b > 0 && confidence <= (double) b / bins ? b - 1 : b < bins - 1 && confidence > (b + 1.0) / bins ? b + 1 : b;
  }

  /**
   * One bin of a reliability curve.
   *
   * @param low confidences are above this
   * @param high and not above this
   * @param rows how many rows fall into it, 1 or more
   * @param confidence their mean confidence
   * @param accuracy the share of them predicted right
   */
  public record Bin(double low, double high, int rows, double confidence, double accuracy) {}

  /** A measure of one class against the rest. */
  private interface OneAgainstRest {
    double of(boolean[] positive, double[] scores);
  }

  private double overClasses(OneAgainstRest measure) {
    int classes = probabilities.length == 0 ? 0 : probabilities[0].length;
    return IntStream.range(classes == 2 ? 1 : 0, classes).mapToDouble(c -> {
      boolean[] positive = new boolean[truth.length];
      double[] scores = new double[truth.length];
      for (int i = 0; i < truth.length; i++) {
        positive[i] = truth[i] == c;
        scores[i] = probabilities[i][c];
      }
      return measure.of(positive, scores);
    }).average().orElse(Double.NaN);
  }

  private int best(int row) {
    int best = 0;
    for (int c = 1; c < probabilities[row].length; c++) {
      best = probabilities[row][c] > probabilities[row][best] ? c : best;
    }
    return best;
  }
}
