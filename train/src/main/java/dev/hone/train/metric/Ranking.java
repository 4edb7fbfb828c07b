package dev.hone.train.metric;

import java.util.Arrays;

/**
 * How well a score puts positive rows above negative ones: the rows, sorted once, so that the measures of many draws from
 * them cost no more than a walk. Definitions as in scikit-learn.
 */
public final class Ranking {
  private final boolean[] positive;
  private final int[] order; // rows from the highest score to the lowest
  private final int[] ends; // where in the order each group of equal scores ends

  /** Sorts rows. Throws {@link IllegalArgumentException} if a score is not a number. */
  public Ranking(boolean[] positive, double[] scores) {
    if (positive.length != scores.length) {
      throw new IllegalArgumentException("Ranking: " + positive.length + " rows, " + scores.length + " scores");
    }
    for (int i = 0; i < scores.length; i++) {
      if (Double.isNaN(scores[i])) {
        throw new IllegalArgumentException("Ranking: score of row " + i + " is not a number");
      }
    }
    this.positive = positive;
    Integer[] sorted = new Integer[scores.length];
    Arrays.setAll(sorted, i -> i);
    Arrays.sort(sorted, (a, b) -> Double.compare(scores[b], scores[a]));
    order = Arrays.stream(sorted).mapToInt(Integer::intValue).toArray();
    int[] found = new int[order.length];
    int groups = 0;
    for (int i = 1; i <= order.length; i++) {
      if (i == order.length || scores[order[i]] != scores[order[i - 1]]) { // -0 and 0 are equal scores
        found[groups++] = i;
      }
    }
    ends = Arrays.copyOf(found, groups);
  }

  /**
   * Area under the ROC curve: the chance that a positive row has the higher score than a negative one, ties counting half.
   * NaN without positive or without negative rows.
   */
  public static double auroc(boolean[] positive, double[] scores) {
    return new Ranking(positive, scores).auroc(once(scores.length));
  }

  /**
   * Average precision: the sum over thresholds of precision times the recall gained there. NaN without positive rows.
   */
  public static double averagePrecision(boolean[] positive, double[] scores) {
    return new Ranking(positive, scores).averagePrecision(once(scores.length));
  }

  /** {@link #auroc(boolean[], double[])} where row i counts {@code times[i]} times. */
  public double auroc(int[] times) {
    long positives = 0;
    long negatives = 0;
    double wins = 0;
    int at = 0;
    for (int end : ends) { // from high to low: what came before beats this group's negatives
      long hits = 0;
      long misses = 0;
      for (; at < end; at++) {
        int row = order[at];
        hits += positive[row] ? times[row] : 0;
        misses += positive[row] ? 0 : times[row];
      }
      wins += misses * (positives + hits / 2.0);
      positives += hits;
      negatives += misses;
    }
    return positives == 0 || negatives == 0 ? Double.NaN : wins / ((double) positives * negatives);
  }

  /** {@link #averagePrecision(boolean[], double[])} where row i counts {@code times[i]} times. */
  public double averagePrecision(int[] times) {
    long hits = 0;
    long seen = 0;
    double sum = 0;
    int at = 0;
    for (int end : ends) {
      long gained = 0;
      for (; at < end; at++) {
        int row = order[at];
        gained += positive[row] ? times[row] : 0;
        seen += times[row];
      }
      hits += gained;
      sum += gained == 0 ? 0 : gained * (hits / (double) seen);
    }
    return hits == 0 ? Double.NaN : sum / hits;
  }

  /** How often each of {@code rows} rows was drawn. */
  public static int[] times(int[] drawn, int rows) {
    int[] times = new int[rows];
    for (int row : drawn) {
      times[row]++;
    }
    return times;
  }

  private static int[] once(int rows) {
    int[] times = new int[rows];
    Arrays.fill(times, 1);
    return times;
  }
}
