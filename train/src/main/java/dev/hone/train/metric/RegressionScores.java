package dev.hone.train.metric;

import java.util.Arrays;

/**
 * Measures for predicted numbers. Definitions as in scikit-learn and SciPy.
 *
 * @param mse mean squared error
 * @param mae mean absolute error
 * @param r2 1 − squared errors / squared deviations of the truth from its mean; with constant truth 1 if there is no
 *     error, else 0
 * @param pearson linear correlation; NaN if either side is constant
 * @param spearman Pearson's correlation of the ranks, ties by their mean rank; NaN if either side is constant
 */
public record RegressionScores(double mse, double mae, double r2, double pearson, double spearman) {
  /** Compares {@code predicted} with {@code truth}: two arrays of the same length, 1 or more. */
  public static RegressionScores of(double[] truth, double[] predicted) {
    int n = truth.length;
    if (n == 0 || predicted.length != n) {
      throw new IllegalArgumentException("RegressionScores: needs as many predictions as true values, 1 or more; got " + n
          + " true values, " + predicted.length + " predictions");
    }
    double mean = Arrays.stream(truth).sum() / n;
    double squared = 0;
    double absolute = 0;
    double spread = 0;
    for (int i = 0; i < n; i++) {
      double error = predicted[i] - truth[i];
      squared += error * error;
      absolute += Math.abs(error);
      spread += (truth[i] - mean) * (truth[i] - mean);
    }
    double r2 = spread > 0 ? 1 - squared / spread : squared == 0 ? 1 : 0;
    return new RegressionScores(squared / n, absolute / n, r2, correlation(truth, predicted),
        correlation(ranks(truth), ranks(predicted)));
  }

  /** Root of the mean squared error. */
  public double rmse() {
    return Math.sqrt(mse);
  }

  private static double correlation(double[] x, double[] y) {
    int n = x.length;
    double meanX = Arrays.stream(x).sum() / n;
    double meanY = Arrays.stream(y).sum() / n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int i = 0; i < n; i++) {
      xx += (x[i] - meanX) * (x[i] - meanX);
      yy += (y[i] - meanY) * (y[i] - meanY);
      xy += (x[i] - meanX) * (y[i] - meanY);
    }
    // Constant sides are found by their values: rounding of the mean would leave a spread of about 1e-32.
    boolean constant = Arrays.stream(x).allMatch(v -> v == x[0]) || Arrays.stream(y).allMatch(v -> v == y[0]);
    return constant ? Double.NaN : Math.clamp(xy / (Math.sqrt(xx) * Math.sqrt(yy)), -1, 1);
  }

  /** Ranks from 1; equal values share the mean of their ranks. */
  private static double[] ranks(double[] values) {
    Integer[] order = new Integer[values.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(values[a], values[b]));
    double[] ranks = new double[values.length];
    for (int from = 0, to; from < order.length; from = to) {
      for (to = from + 1; to < order.length && values[order[to]] == values[order[from]];) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + 1 + to) / 2.0;
      }
    }
    return ranks;
  }
}
