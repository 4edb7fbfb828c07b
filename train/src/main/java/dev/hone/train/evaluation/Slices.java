package dev.hone.train.evaluation;

import dev.hone.train.metric.Bootstrap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The figures of groups of rows, by the value that a column has: where a model is worse than elsewhere, and by how much.
 *
 * @param column its name
 * @param groups by value; numbers with many values are cut into quarters
 * @param gaps between the best and the worst group, by figure; empty if fewer than two groups have {@link #FEWEST} rows
 */
public record Slices(String column, List<Group> groups, Map<String, Gap> gaps) {
  /** Groups of fewer rows are shown, but do not take part in gaps: they would be the best or the worst by chance. */
  public static final int FEWEST = 20;

  private static final int MAX_GROUPS = 100;
  private static final int MAX_NUMBERS = 10; // more different ones are cut into quarters
  private static final int QUARTERS = 4;

  /**
   * A group.
   *
   * @param value of the column; "" where the file has none
   * @param rows how many there are
   * @param figures with intervals of their own
   */
  public record Group(String value, int rows, Map<String, Figure> figures) {}

  /**
   * How far groups are apart.
   *
   * @param best the group that is best at the figure, by its value
   * @param worst the one that is worst
   * @param figure how far they are apart, 0 or more. The interval is that of these two groups and takes them as given; that
   *     they were picked among several is not in it
   */
  public record Gap(String best, String worst, Figure figure) {}

  /**
   * Groups an evaluation.
   *
   * @param values of the column, one for each of its predictions
   */
  public static Slices of(String column, List<String> values, Evaluation evaluation) {
    if (values.size() != evaluation.predictions().size()) {
      throw new IllegalArgumentException("slices: " + values.size() + " values of '" + column + "' for "
          + evaluation.predictions().size() + " predictions");
    }
    List<String> names = names(values);
    Map<String, List<Integer>> members = new TreeMap<>(Comparator.comparingDouble(Slices::number)
        .thenComparing(Comparator.naturalOrder())); // numbers by value, before others
    for (int i = 0; i < names.size(); i++) {
      members.computeIfAbsent(names.get(i), _ -> new ArrayList<>()).add(i);
    }
    if (members.size() > MAX_GROUPS) {
      throw new IllegalArgumentException("slices: column '" + column + "' has " + members.size() + " different values, of "
          + "at most " + MAX_GROUPS + " that can be told apart; choose a column with fewer");
    }
    List<Group> groups = new ArrayList<>();
    Figures figures = Figures.of(evaluation.predictions());
    members.forEach((value, rows) -> groups.add(new Group(value, rows.size(),
        Evaluation.measure(figures, rows.stream().mapToInt(Integer::intValue).toArray(), evaluation.bootstrap()))));
    return new Slices(column, List.copyOf(groups), gaps(groups, names, figures, evaluation.bootstrap()));
  }

  private static Map<String, Gap> gaps(List<Group> groups, List<String> names, Figures all, Bootstrap bootstrap) {
    List<Group> large = groups.stream().filter(group -> group.rows >= FEWEST).toList();
    Map<String, Gap> gaps = new LinkedHashMap<>();
    if (large.size() < 2) {
      return gaps;
    }
    List<String> figures = all.names();
    int[] best = new int[figures.size()];
    int[] worst = new int[figures.size()];
    for (int f = 0; f < best.length; f++) {
      for (int g = 0; g < large.size(); g++) {
        best[f] = better(large, figures.get(f), g, best[f]) ? g : best[f];
        boolean undefined = Double.isNaN(large.get(worst[f]).figures.get(figures.get(f)).value());
        worst[f] = undefined || better(large, figures.get(f), worst[f], g) ? g : worst[f];
      }
    }
    int[] groupOf = names.stream().mapToInt(name -> large.stream().map(Group::value).toList().indexOf(name)).toArray();
    List<Bootstrap.Interval> intervals = bootstrap.intervals(names.size(), drawn -> {
      double[][] values = new double[large.size()][];
      for (int g = 0; g < values.length; g++) {
        int group = g;
        int[] members = Arrays.stream(drawn).filter(row -> groupOf[row] == group).toArray();
        values[g] = members.length == 0 ? null : all.of(members);
      }
      double[] gap = new double[best.length];
      for (int f = 0; f < gap.length; f++) {
        double[] high = values[best[f]];
        double[] low = values[worst[f]];
        double sign = Evaluation.lessIsBetter(figures.get(f)) ? -1 : 1;
        gap[f] = high == null || low == null ? Double.NaN : sign * (high[f] - low[f]);
      }
      return gap;
    });
    for (int f = 0; f < best.length; f++) {
      String name = figures.get(f);
      double gap = Math.abs(large.get(best[f]).figures.get(name).value() - large.get(worst[f]).figures.get(name).value());
      if (!Double.isNaN(gap)) {
        gaps.put(name, new Gap(large.get(best[f]).value, large.get(worst[f]).value, Figure.of(gap, intervals.get(f))));
      }
    }
    return gaps;
  }

  private static boolean better(List<Group> groups, String figure, int one, int other) {
    double first = groups.get(one).figures.get(figure).value();
    double second = groups.get(other).figures.get(figure).value();
    // Anything is better than what is undefined.
    return Double.isNaN(second) ? !Double.isNaN(first) : Evaluation.lessIsBetter(figure) ? first < second : first > second;
  }

  /** The group of each row: its value, or the quarter that its number is in. */
  private static List<String> names(List<String> values) {
    List<String> plain = values.stream().map(String::strip).toList();
    double[] numbers = plain.stream().mapToDouble(Slices::number).toArray();
    double[] sorted = Arrays.stream(numbers).filter(number -> !Double.isNaN(number)).sorted().toArray();
    boolean other = IntStream.range(0, numbers.length).anyMatch(i -> Double.isNaN(numbers[i]) && !plain.get(i).isEmpty());
    if (other || Arrays.stream(sorted).distinct().count() <= MAX_NUMBERS) {
      return plain;
    }
    double[] bounds = IntStream.rangeClosed(0, QUARTERS)
        .mapToDouble(q -> sorted[Math.min(sorted.length - 1, q * sorted.length / QUARTERS)]).toArray();
    return Arrays.stream(numbers).mapToObj(number -> {
      if (Double.isNaN(number)) {
        return "";
      }
      int quarter = 0;
      while (quarter < QUARTERS - 1 && number >= bounds[quarter + 1]) {
        quarter++;
      }
      return "Q" + (quarter + 1) + ": " + shown(bounds[quarter]) + " to " + (quarter < QUARTERS - 1 ? "below " : "")
          + shown(bounds[quarter + 1]);
    }).toList();
  }

  private static String shown(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15 ? Long.toString((long) number) : Double.toString(number);
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException _) {
      return Double.NaN;
    }
  }
}
