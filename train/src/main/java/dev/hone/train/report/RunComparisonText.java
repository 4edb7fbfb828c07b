package dev.hone.train.report;

import dev.hone.train.evaluation.Comparison;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A comparison of runs in words. */
final class RunComparisonText {
  private static final int FIGURES = 3;
  private static final int VALUE = 24; // characters of a setting

  private final RunComparison all;

  RunComparisonText(RunComparison all) {
    this.all = all;
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    List<String> figures = all.headlines().stream().limit(FIGURES).toList();
    List<List<String>> table = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("run", "method", "trained", "steps", "rows"));
    figures.forEach(name -> head.add(name.replace('_', ' ')));
    table.add(head);
    for (int i = 0; i < all.runs().size(); i++) {
      Run run = all.runs().get(i);
      Evaluation evaluation = run.evaluation();
      List<String> row = new ArrayList<>(List.of(all.names().get(i), run.facts().method(),
          String.format(Locale.ROOT, "%,d", run.facts().trainedParameters()), String.valueOf(run.facts().steps()),
          evaluation == null ? "none" : evaluation.predictions().size() + " " + run.facts().measuredOn()));
      figures.forEach(name -> row.add(evaluation == null ? "" : withInterval(evaluation.figure(name))));
      table.add(row);
    }
    align(table, lines);
    if (!all.differing().isEmpty()) {
      lines.add("");
      List<List<String>> settings = new ArrayList<>();
      List<String> names = new ArrayList<>(List.of("setting"));
      names.addAll(all.names());
      settings.add(names);
      all.differing().forEach((key, values) -> {
        List<String> row = new ArrayList<>(List.of(key));
        values.forEach(value -> row.add(value.length() > VALUE ? value.substring(0, VALUE - 1) + "…" : value));
        settings.add(row);
      });
      align(settings, lines);
    }
    lines.add("");
    all.pairs().forEach(pair -> lines.add(sentence(all, pair)));
    return lines;
  }

  static String withInterval(Figure figure) {
    return String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", figure.value(), figure.low(), figure.high());
  }

  private static void align(List<List<String>> table, List<String> lines) {
    int[] widths = new int[table.getFirst().size()];
    table.forEach(row -> {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    });
    for (List<String> row : table) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        line.append(row.get(c)).append(" ".repeat(widths[c] - row.get(c).length() + 2));
      }
      lines.add(line.toString().stripTrailing());
    }
  }

  /** The figure by which a pair of runs is judged: the first of the headlines that both have. */
  static String figure(RunComparison all, RunComparison.Pair pair) {
    return all.headlines().stream().filter(pair.comparison().differences()::containsKey).findFirst().orElse("loss");
  }

  /** Whether two runs differ by more than chance: of rows right or wrong by McNemar's test, else by the interval. */
  static boolean significant(RunComparison all, RunComparison.Pair pair) {
    return pair.judged() ? pair.holm() < RunComparison.SIGNIFICANT
        : pair.comparison().differences().get(figure(all, pair)).significant();
  }

  /** What is to be said about two runs. */
  static String sentence(RunComparison all, RunComparison.Pair pair) {
    String first = all.names().get(pair.first());
    String second = all.names().get(pair.second());
    if (pair.comparison() == null) {
      return first + " and " + second + " cannot be compared: " + pair.obstacle();
    }
    String name = figure(all, pair);
    Comparison.Difference difference = pair.comparison().differences().get(name);
    String judgement = significant(all, pair)
        ? ((difference.change().value() > 0) == Evaluation.lessIsBetter(name) ? first : second)
        + " is better, more than chance explains"
        : "no significant difference";
    return String.format(Locale.ROOT, "%s -> %s: %s %+.3f (%+.3f to %+.3f) on %d rows%s%s: %s", first, second,
        name.replace('_', ' '),
        difference.change().value(), difference.change().low(), difference.change().high(), pair.comparison().pairs().size(),
        pair.judged() ? String.format(Locale.ROOT, ", won %d, lost %d, McNemar p %s%s", pair.comparison().won().size(),
            pair.comparison().lost().size(), chance(pair.comparison().pValue()), all.pairs().size() > 1 ? " ("
                + chance(pair.holm()) + " for " + all.pairs().size() + " pairs)" : "") : "",
        pair.comparison().unpaired() > 0 ? ", " + pair.comparison().unpaired() + " rows that only one of them has left out" : "",
        judgement);
  }

  static String chance(double p) {
    return p < 0.001 ? "< 0.001" : String.format(Locale.ROOT, "%.3f", p);
  }
}
