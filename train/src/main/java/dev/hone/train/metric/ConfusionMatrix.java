package dev.hone.train.metric;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How often each class was taken for which, and the measures that follow from it. Definitions as in scikit-learn with
 * {@code zero_division=0}.
 */
public final class ConfusionMatrix {
  private final long[][] counts;

  private ConfusionMatrix(long[][] counts) {
    this.counts = counts;
  }

  /**
   * Counts predictions.
   *
   * @param truth the true class of each row, 0 to {@code classes} - 1
   * @param predicted the predicted class of each row
   * @param classes the number of classes
   */
  public static ConfusionMatrix of(int[] truth, int[] predicted, int classes) {
    if (truth.length != predicted.length) {
      throw new IllegalArgumentException("ConfusionMatrix: " + truth.length + " true classes, " + predicted.length
          + " predictions");
    }
    long[][] counts = new long[classes][classes];
    for (int i = 0; i < truth.length; i++) {
      if (truth[i] < 0 || truth[i] >= classes || predicted[i] < 0 || predicted[i] >= classes) {
        throw new IllegalArgumentException("ConfusionMatrix: row " + i + " has class " + truth[i] + ", prediction "
            + predicted[i] + "; classes are 0 to " + (classes - 1));
      }
      counts[truth[i]][predicted[i]]++;
    }
    return new ConfusionMatrix(counts);
  }

  /** The number of classes. */
  public int classes() {
    return counts.length;
  }

  /** How many rows of class {@code truth} were predicted as {@code predicted}. */
  public long count(int truth, int predicted) {
    return counts[truth][predicted];
  }

  /** The number of rows. */
  public long total() {
    return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
  }

  /** The number of rows of class {@code c}. */
  public long support(int c) {
    return Arrays.stream(counts[c]).sum();
  }

  /** The number of predictions of class {@code c}. */
  public long predictions(int c) {
    return Arrays.stream(counts).mapToLong(row -> row[c]).sum();
  }

  /** The share of rows that were predicted right. */
  public double accuracy() {
    return Scores.share(hits(), total());
  }

  /** The mean recall of the classes that have rows. */
  public double balancedAccuracy() {
    return IntStream.range(0, classes()).filter(c -> support(c) > 0).mapToDouble(c -> scores(c).recall()).average()
        .orElse(0);
  }

  /**
   * Matthews' correlation of truth and prediction, -1 to 1, for any number of classes: with s rows, c hits, t(k) rows and
   * p(k) predictions of class k, (c·s − Σ t(k)·p(k)) / √((s² − Σ p(k)²)·(s² − Σ t(k)²)). 0 where the root is 0.
   */
  public double matthews() {
    double s = total();
    double both = 0;
    double predicted = 0;
    double actual = 0;
    for (int k = 0; k < classes(); k++) {
      double t = support(k);
      double p = predictions(k);
      both += t * p;
      predicted += p * p;
      actual += t * t;
    }
    double root = Math.sqrt((s * s - predicted) * (s * s - actual));
    return Scores.share(hits() * s - both, root);
  }

  /** Precision, recall and F1 of class {@code c}. */
  public Scores scores(int c) {
    return Scores.of(counts[c][c], predictions(c), support(c));
  }

  /** Precision, recall and F1 over the classes that occur as truth or as prediction. */
  public Scores scores(Average average) {
    int[] occurring = IntStream.range(0, classes()).filter(c -> support(c) + predictions(c) > 0).toArray();
    return new ClassCounts(IntStream.of(occurring).mapToLong(c -> counts[c][c]).toArray(),
        IntStream.of(occurring).mapToLong(this::predictions).toArray(),
        IntStream.of(occurring).mapToLong(this::support).toArray()).average(average);
  }

  private long hits() {
    return IntStream.range(0, classes()).mapToLong(c -> counts[c][c]).sum();
  }
}
