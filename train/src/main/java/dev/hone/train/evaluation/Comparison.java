package dev.hone.train.evaluation;

import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.McNemar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Two models on the same rows: which figures differ, and which rows the second wins and loses. Rows are the same if their keys
 * are; others are left out and counted.
 *
 * @param labels of both
 * @param pairs the rows of both, in the order of the second
 * @param unpaired how many rows only one of them has
 * @param differences by figure
 * @param won rows that the second does better: right where the first is wrong, or, where there is no right and wrong, with a
 *     smaller loss; the largest difference of losses first
 * @param lost rows that the first does better, likewise
 * @param pValue McNemar's exact test of won against lost rows (of losses: the sign test)
 */
public record Comparison(List<String> labels, List<Pair> pairs, int unpaired, Map<String, Difference> differences, List<Pair> won,
    List<Pair> lost, double pValue) {
  /**
   * A row.
   *
   * @param first what the first model makes of it
   * @param second what the second does
   */
  public record Pair(Prediction first, Prediction second) {
    /** How much smaller the second's loss is. */
    public double gain() {
      return first.loss() - second.loss();
    }
  }

  /**
   * A figure of both.
   *
   * @param first the first's
   * @param second the second's
   * @param change second − first, with the interval of a paired bootstrap: both on the same draws of rows
   */
  public record Difference(double first, double second, Figure change) {
    /** Whether the interval does not contain 0. */
    public boolean significant() {
      return change.low() > 0 || change.high() < 0;
    }
  }

  /** Compares two evaluations. */
  public static Comparison of(Evaluation first, Evaluation second) {
    return of(first.labels(), first.predictions(), second.labels(), second.predictions(), second.bootstrap());
  }

  /**
   * Compares predictions.
   *
   * @throws IllegalArgumentException if they are of different kinds or labels, or have no row in common
   */
  public static Comparison of(List<String> firstLabels, List<? extends Prediction> first, List<String> secondLabels,
      List<? extends Prediction> second, Bootstrap bootstrap) {
    if (!firstLabels.equals(secondLabels)) {
      throw new IllegalArgumentException("compare: the labels differ: " + String.join(", ", firstLabels) + " and "
          + String.join(", ", secondLabels));
    }
    Map<String, Prediction> byKey = new HashMap<>();
    first.forEach(prediction -> byKey.put(prediction.row().key(), prediction));
    List<Pair> pairs = new ArrayList<>();
    for (Prediction prediction : second) {
      Prediction other = byKey.get(prediction.row().key());
      if (other != null) {
        pairs.add(new Pair(other, prediction));
      }
    }
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("compare: the two have no row in common (" + first.size() + " and " + second.size()
          + " rows); rows are the same if text and line are");
    }
    checkTruth(pairs);
    List<Pair> won = pairs.stream().filter(pair -> better(pair.second, pair.first))
        .sorted(Comparator.comparingDouble(Pair::gain).reversed()).toList();
    List<Pair> lost = pairs.stream().filter(pair -> better(pair.first, pair.second))
        .sorted(Comparator.comparingDouble(Pair::gain)).toList();
    return new Comparison(List.copyOf(firstLabels), List.copyOf(pairs), first.size() + second.size() - 2 * pairs.size(),
        differences(pairs, bootstrap), won, lost, McNemar.pValue(lost.size(), won.size()));
  }

  /** A text with another answer is not the same row. */
  private static void checkTruth(List<Pair> pairs) {
    for (Pair pair : pairs) {
      boolean same = switch (pair.second) {
        case Prediction.OneClass one -> pair.first instanceof Prediction.OneClass other && one.truth() == other.truth();
        case Prediction.SomeLabels some -> pair.first instanceof Prediction.SomeLabels other
            && Arrays.equals(some.truth(), other.truth());
        case Prediction.OneNumber number -> pair.first instanceof Prediction.OneNumber other && number.truth() == other.truth();
        case Prediction.OnePair _ -> pair.first instanceof Prediction.OnePair;
        case Prediction.OneTagging tagging -> pair.first instanceof Prediction.OneTagging other
            && tagging.truth().equals(other.truth());
        case Prediction.OneText text -> pair.first instanceof Prediction.OneText other
            && Objects.equals(text.reference(), other.reference());
      };
      if (!same) {
        throw new IllegalArgumentException("compare: the true answer to line " + pair.second.row().line() + " ("
            + pair.second.row().key() + ") differs between the two: they were measured on different data");
      }
    }
  }

  private static boolean better(Prediction one, Prediction other) {
    if (one.right().isPresent() && other.right().isPresent()) {
      return one.right().get() && !other.right().get();
    }
    return one.loss() < other.loss();
  }

  private static Map<String, Difference> differences(List<Pair> pairs, Bootstrap bootstrap) {
    Figures first = Figures.of(pairs.stream().map(Pair::first).toList());
    Figures second = Figures.of(pairs.stream().map(Pair::second).toList());
    List<String> common = second.names().stream().filter(first.names()::contains).toList();
    int[] inFirst = common.stream().mapToInt(first.names()::indexOf).toArray();
    int[] inSecond = common.stream().mapToInt(second.names()::indexOf).toArray();
    int[] all = IntStream.range(0, pairs.size()).toArray();
    double[] before = first.of(all);
    double[] after = second.of(all);
    List<Bootstrap.Interval> intervals = bootstrap.intervals(pairs.size(), rows -> {
      double[] drawnBefore = first.of(rows);
      double[] drawnAfter = second.of(rows);
      return IntStream.range(0, inFirst.length).mapToDouble(i -> drawnAfter[inSecond[i]] - drawnBefore[inFirst[i]]).toArray();
    });
    Map<String, Difference> differences = new LinkedHashMap<>();
    for (int i = 0; i < common.size(); i++) {
      double one = before[inFirst[i]];
      double other = after[inSecond[i]];
      differences.put(common.get(i), new Difference(one, other, Figure.of(other - one, intervals.get(i))));
    }
    return differences;
  }
}
