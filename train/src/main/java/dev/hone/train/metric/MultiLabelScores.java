package dev.hone.train.metric;

import java.util.Arrays;

/**
 * Measures for rows that carry any number of labels. Definitions as in scikit-learn with {@code zero_division=0}: in the
 * mean over rows, a row without true and without predicted labels counts 0.
 */
public final class MultiLabelScores {
  private final boolean[][] truth;
  private final boolean[][] predicted;
  private final ClassCounts counts;

  private MultiLabelScores(boolean[][] truth, boolean[][] predicted, ClassCounts counts) {
    this.truth = truth;
    this.predicted = predicted;
    this.counts = counts;
  }

  /**
   * Counts predictions.
   *
   * @param truth [rows, labels]: which labels are true
   * @param predicted [rows, labels]: which labels were predicted
   */
  public static MultiLabelScores of(boolean[][] truth, boolean[][] predicted) {
    int labels = truth.length == 0 ? 0 : truth[0].length;
    boolean fits = truth.length == predicted.length;
    for (int i = 0; fits && i < truth.length; i++) {
      fits = truth[i].length == labels && predicted[i].length == labels;
    }
    if (!fits) {
      throw new IllegalArgumentException("MultiLabelScores: truth and predictions must both be [rows, labels], got "
          + truth.length + " and " + predicted.length + " rows, " + labels + " labels in the first");
    }
    ClassCounts counts = new ClassCounts(new long[labels], new long[labels], new long[labels]);
    for (int i = 0; i < truth.length; i++) {
      for (int l = 0; l < labels; l++) {
        counts.hits()[l] += truth[i][l] && predicted[i][l] ? 1 : 0;
        counts.predicted()[l] += predicted[i][l] ? 1 : 0;
        counts.actual()[l] += truth[i][l] ? 1 : 0;
      }
    }
    return new MultiLabelScores(truth, predicted, counts);
  }

  /** The share of rows whose labels are all right. */
  public double subsetAccuracy() {
    int right = 0;
    for (int i = 0; i < truth.length; i++) {
      right += Arrays.equals(truth[i], predicted[i]) ? 1 : 0;
    }
    return Scores.share(right, truth.length);
  }

  /** The share of single yes-or-no decisions that are wrong. */
  public double hammingLoss() {
    double wrong = 0;
    double all = 0;
    for (int l = 0; l < counts.hits().length; l++) {
      wrong += counts.predicted()[l] + counts.actual()[l] - 2.0 * counts.hits()[l];
      all += truth.length;
    }
    return Scores.share(wrong, all);
  }

  /** Precision, recall and F1 of label {@code l}. */
  public Scores scores(int l) {
    return counts.scores(l);
  }

  /** The number of rows that carry label {@code l}. */
  public long support(int l) {
    return counts.actual()[l];
  }

  /** Precision, recall and F1 over all labels. */
  public Scores scores(Average average) {
    return counts.average(average);
  }

  /** Precision, recall and F1 of each row by itself, averaged over rows. */
  public Scores samples() {
    double precision = 0;
    double recall = 0;
    double f1 = 0;
    for (int i = 0; i < truth.length; i++) {
      int hits = 0;
      int said = 0;
      int actual = 0;
      for (int l = 0; l < truth[i].length; l++) {
        hits += truth[i][l] && predicted[i][l] ? 1 : 0;
        said += predicted[i][l] ? 1 : 0;
        actual += truth[i][l] ? 1 : 0;
      }
      Scores row = Scores.of(hits, said, actual);
      precision += row.precision();
      recall += row.recall();
      f1 += row.f1();
    }
    int n = truth.length;
    return new Scores(Scores.share(precision, n), Scores.share(recall, n), Scores.share(f1, n));
  }
}
