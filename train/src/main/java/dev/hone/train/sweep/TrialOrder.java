package dev.hone.train.sweep;

import dev.hone.train.HeldOutMetric;
import dev.hone.train.sweep.TrialRecord.Point;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Which of two trials is better by a metric, and the rules that follow from it. */
final class TrialOrder {
  private final boolean greater;

  TrialOrder(String metric) {
    greater = HeldOutMetric.named(metric).higherIsBetter();
  }

  /** Best first; without a value last; equal ones by their numbers. */
  Comparator<TrialRecord> order(int evaluations) {
    return Comparator.<TrialRecord>comparingDouble(record -> key(record.best(evaluations)))
        .thenComparingInt(record -> record.trial().number());
  }

  /** Lower for better ones. */
  private double key(Point best) {
    return best == null || Double.isNaN(best.value()) ? Double.POSITIVE_INFINITY : greater ? -best.value() : best.value();
  }

  /**
   * The median rule: whether a trial is worse than the median of others after as many evaluations, each by its best until
   * then.
   */
  boolean belowMedian(List<Point> evaluations, List<TrialRecord> others) {
    double[] keys = others.stream().mapToDouble(other -> key(other.best(evaluations.size()))).sorted().toArray();
    double median = keys.length % 2 == 1 ? keys[keys.length / 2] : (keys[keys.length / 2 - 1] + keys[keys.length / 2]) / 2;
    double mine = evaluations.stream().filter(Point::best).mapToDouble(this::key).reduce((_, last) -> last)
        .orElse(Double.POSITIVE_INFINITY);
    return mine > median;
  }

  /** Those of a rung that go on: the best of every {@code eta}, at least one of those that have a value. */
  List<TrialRecord> promoted(List<TrialRecord> rung, int evaluations, int eta) {
    List<TrialRecord> alive = rung.stream().filter(record -> key(record.best(evaluations)) < Double.POSITIVE_INFINITY)
        .sorted(order(evaluations)).toList();
    return alive.subList(0, Math.min(alive.size(), Math.max(1, rung.size() / eta)));
  }

  /** Numbers that grow by the same factor, such as 1, 3, 9, no further than the largest int. */
  static int rung(int first, int eta, int number) {
    double evaluations = first * Math.pow(eta, number);
    return (int) Math.min(Integer.MAX_VALUE, evaluations);
  }

  static int[] rungs(int first, int eta, int trials) {
    int[] rungs = new int[32];
    int count = 0;
    for (int left = trials; left > 1; left = Math.max(1, left / eta)) {
      rungs[count] = rung(first, eta, count);
      count++;
    }
    return Arrays.copyOf(rungs, count);
  }
}
