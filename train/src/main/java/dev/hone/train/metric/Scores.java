package dev.hone.train.metric;

/**
 * Precision, recall and their harmonic mean, each from 0 to 1; 0 where the denominator is 0.
 *
 * @param precision the share of the predictions that are right
 * @param recall the share of the true cases that were predicted
 * @param f1 2 · hits / (predicted + actual)
 */
public record Scores(double precision, double recall, double f1) {
  static Scores of(double hits, double predicted, double actual) {
    return new Scores(share(hits, predicted), share(hits, actual), share(2 * hits, predicted + actual));
  }

  static double share(double part, double whole) {
    return whole == 0 ? 0 : part / whole;
  }
}
