package dev.hone.train.metric;

import java.util.Arrays;

/** How well a score puts positive rows above negative ones. Definitions as in scikit-learn. */
public final class Ranking {
  private Ranking() {}

  /**
   * Area under the ROC curve: the chance that a positive row has the higher score than a negative one, ties counting half.
   * NaN without positive or without negative rows.
   */
  public static double auroc(boolean[] positive, double[] scores) {
    long[] counts = new long[2];
    double wins = 0;
    for (Group g : groups(positive, scores)) { // from high to low: what came before beats this group's negatives
      wins += g.negatives * (counts[0] + g.positives / 2.0);
      counts[0] += g.positives;
      counts[1] += g.negatives;
    }
    return counts[0] == 0 || counts[1] == 0 ? Double.NaN : wins / ((double) counts[0] * counts[1]);
  }

  /**
   * Average precision: the sum over thresholds of precision times the recall gained there. NaN without positive rows.
   */
  public static double averagePrecision(boolean[] positive, double[] scores) {
    long hits = 0;
    long seen = 0;
    double sum = 0;
    for (Group g : groups(positive, scores)) {
      hits += g.positives;
      seen += g.positives + g.negatives;
      sum += g.positives * (hits / (double) seen);
    }
    return hits == 0 ? Double.NaN : sum / hits;
  }

  /** Rows of one score. */
  private record Group(long positives, long negatives) {}

  /** The groups of equal scores, from the highest score to the lowest. */
  private static Group[] groups(boolean[] positive, double[] scores) {
    if (positive.length != scores.length) {
      throw new IllegalArgumentException("Ranking: " + positive.length + " rows, " + scores.length + " scores");
    }
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(scores[b], scores[a]));
    Group[] groups = new Group[order.length];
    int n = 0;
    for (int from = 0, to; from < order.length; from = to) {
      long positives = 0;
      for (to = from; to < order.length && scores[order[to]] == scores[order[from]]; to++) {
        positives += positive[order[to]] ? 1 : 0;
      }
      if (to == from) {
        throw new IllegalArgumentException("Ranking: score of row " + order[from] + " is not a number");
      }
      groups[n++] = new Group(positives, to - from - positives);
    }
    return Arrays.copyOf(groups, n);
  }
}
