package dev.hone.train.task.embed;

import dev.hone.train.evaluation.Figure;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.RankedList;
import dev.hone.train.metric.Ranking;
import dev.hone.train.metric.RegressionScores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * How well a model says what belongs together, by its vectors or pair by pair, with intervals.
 *
 * @param kind what was measured
 * @param units what the figures are means over and intervals are drawn from: queries, pairs or triplets
 * @param documents that were searched, for {@link Kind#RETRIEVAL}
 * @param figures by name
 */
public record EmbeddingEvaluation(Kind kind, int units, int documents, Map<String, Figure> figures, Statistic statistic,
    Bootstrap bootstrap) {
  /** What can be measured. */
  public enum Kind {
    /** Whether a search finds what belongs to a query. */
    RETRIEVAL("queries"),
    /** Whether cosines are in the order of scores. */
    SIMILARITY("pairs"),
    /** Whether what belongs to an anchor is nearer than what does not. */
    TRIPLETS("triplets"),
    /** Whether documents that fit a query stand before those that do not. */
    RERANKING("queries");

    private final String units;

    Kind(String units) {
      this.units = units;
    }
  }

  /** Figures of any draw of the units, in the order of their names. */
  @FunctionalInterface
  public interface Statistic {
    /** The figures of these units, any of which may occur more than once. */
    double[] of(int[] units);
  }

  private static EmbeddingEvaluation of(Kind kind, int units, int documents, List<String> names, Statistic statistic,
      Bootstrap bootstrap) {
    Function<int[], double[]> drawn = statistic::of;
    double[] values = statistic.of(IntStream.range(0, units).toArray());
    List<Bootstrap.Interval> intervals = bootstrap.intervals(units, drawn);
    Map<String, Figure> figures = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      figures.put(names.get(i), new Figure(values[i], intervals.get(i).low(), intervals.get(i).high()));
    }
    return new EmbeddingEvaluation(kind, units, documents, figures, statistic, bootstrap);
  }

  /**
   * Search.
   *
   * @param rankings for each query, whether its results are relevant, the best first
   * @param relevant for each query, how many documents are relevant; queries without any are left out
   */
  static EmbeddingEvaluation retrieval(List<boolean[]> rankings, int[] relevant, int documents, Bootstrap bootstrap) {
    double[][] each = IntStream.range(0, relevant.length).filter(q -> relevant[q] > 0)
        .mapToObj(q -> RankedList.of(rankings.get(q), relevant[q])).toArray(double[][]::new);
    return of(Kind.RETRIEVAL, each.length, documents, RankedList.names(), units -> means(each, units), bootstrap);
  }

  private static double[] means(double[][] each, int[] units) {
    double[] means = new double[each[0].length];
    for (int unit : units) {
      for (int f = 0; f < means.length; f++) {
        means[f] += each[unit][f];
      }
    }
    return Arrays.stream(means).map(sum -> sum / units.length).toArray();
  }

  /**
   * Pairs with scores; where these are 0 and 1, also how well cosines part the two.
   *
   * @param cosines of the pairs
   */
  static EmbeddingEvaluation similarity(double[] scores, double[] cosines, Bootstrap bootstrap) {
    boolean binary = Arrays.stream(scores).allMatch(score -> score == 0 || score == 1);
    List<String> names = new ArrayList<>(List.of("spearman", "pearson"));
    if (binary) {
      names.addAll(List.of("auroc", "average_precision"));
    }
    return of(Kind.SIMILARITY, scores.length, 0, names, units -> {
      double[] truth = IntStream.of(units).mapToDouble(unit -> scores[unit]).toArray();
      double[] found = IntStream.of(units).mapToDouble(unit -> cosines[unit]).toArray();
      RegressionScores measured = RegressionScores.of(truth, found);
      if (!binary) {
        return new double[] {measured.spearman(), measured.pearson()};
      }
      boolean[] positive = new boolean[units.length];
      for (int i = 0; i < positive.length; i++) {
        positive[i] = truth[i] == 1;
      }
      return new double[] {measured.spearman(), measured.pearson(), Ranking.auroc(positive, found),
          Ranking.averagePrecision(positive, found)};
    }, bootstrap);
  }

  /**
   * Triplets.
   *
   * @param near cosine of each anchor and its positive
   * @param far largest cosine of each anchor and one of its negatives
   */
  static EmbeddingEvaluation triplets(double[] near, double[] far, Bootstrap bootstrap) {
    return of(Kind.TRIPLETS, near.length, 0, List.of("accuracy"), units -> new double[] {
        IntStream.of(units).filter(unit -> near[unit] > far[unit]).count() / (double) units.length}, bootstrap);
  }

  /**
   * Documents of queries, put in order.
   *
   * @param names of the figures
   * @param each the figures of each query
   */
  public static EmbeddingEvaluation reranking(List<String> names, List<double[]> each, int documents, Bootstrap bootstrap) {
    double[][] all = each.toArray(double[][]::new);
    return of(Kind.RERANKING, all.length, documents, names, units -> means(all, units), bootstrap);
  }

  /**
   * The value of a figure.
   *
   * @param name in any case, with or without the places that are looked at, as in {@code ndcg} or {@code NDCG@10}
   * @throws IllegalArgumentException if there is no such figure
   */
  public double value(String name) {
    String plain = name.toLowerCase(Locale.ROOT);
    return figures.entrySet().stream().filter(one -> one.getKey().equals(plain) || one.getKey().startsWith(plain + "@"))
        .findFirst().orElseThrow(() -> new IllegalArgumentException("there is no " + name + "; figures are: "
            + String.join(", ", figures.keySet()))).getValue().value();
  }

  /** The figure that says most. */
  public String main() {
    return figures.keySet().iterator().next();
  }

  /** What was measured, in words. */
  public String description() {
    return String.format(Locale.ROOT, "%d %s", units, kind.units) + (documents == 0 ? "" : ", " + documents + " documents");
  }

  /**
   * How much better this is than another evaluation of the same rows, by figure, with intervals of a paired bootstrap.
   *
   * @throws IllegalArgumentException if the other is of something else
   */
  public Map<String, Figure> change(EmbeddingEvaluation from) {
    if (from.kind != kind || from.units != units || !from.figures.keySet().equals(figures.keySet())) {
      throw new IllegalArgumentException("the two evaluations are of other rows: " + from.description() + " and "
          + description());
    }
    Statistic change = drawn -> {
      double[] after = statistic.of(drawn);
      double[] before = from.statistic.of(drawn);
      Arrays.setAll(after, i -> after[i] - before[i]);
      return after;
    };
    return of(kind, units, documents, List.copyOf(figures.keySet()), change, bootstrap).figures;
  }

  /** As a table. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>(List.of(description(), String.format(Locale.ROOT, "%-20s %8s   %.4g %% interval", "",
        "value",
        100 * bootstrap.level())));
    lines.addAll(table(figures, ""));
    return lines;
  }

  /** A line for each figure; {@code sign} is + where figures are changes. */
  public static List<String> table(Map<String, Figure> figures, String sign) {
    String number = "%" + sign + ".4f";
    return figures.entrySet().stream().map(entry -> String.format(Locale.ROOT, "%-20s %8s   " + number + " to " + number,
        entry.getKey(),
        String.format(Locale.ROOT, number, entry.getValue().value()), entry.getValue().low(), entry.getValue().high())).toList();
  }
}
