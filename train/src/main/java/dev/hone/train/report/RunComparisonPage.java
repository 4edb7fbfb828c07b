package dev.hone.train.report;

import dev.hone.train.evaluation.Comparison;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Figure;
import dev.hone.train.evaluation.Prediction;
import dev.hone.train.page.Charts;
import dev.hone.train.page.Page;
import dev.hone.train.page.Table;
import dev.hone.train.page.Verdict;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/** A comparison of runs as a page. */
final class RunComparisonPage {
  private static final int ROWS = 10; // won and lost ones shown of a pair
  private static final int CURVES = 8; // runs that colours tell apart

  private final RunComparison all;

  RunComparisonPage(RunComparison all) {
    this.all = all;
  }

  Page page() {
    Page page = new Page("Comparison of " + String.join(", ", all.names()));
    sameRows(page);
    for (RunComparison.Pair pair : all.pairs()) {
      page.verdict(pair.comparison() == null ? Verdict.BAD : RunComparisonText.significant(all, pair) ? Verdict.GOOD
          : Verdict.NOTICE,
          RunComparisonText.sentence(all, pair));
    }
    page.note("Where rows are right or wrong, two runs differ if McNemar's exact test says so at " + RunComparison.SIGNIFICANT
        + ", raised for the number of pairs (Holm); elsewhere if the 95 % interval of the difference, from a bootstrap over the "
        + "rows "
        + "of both, does not contain 0." + (all.runs().size() > RunComparison.MAX_FOR_ALL_PAIRS
            ? " Of so many runs each is compared with the best one, which flatters that." : ""));
    figures(page);
    settings(page);
    List<Run> drawn = all.runs().subList(0, Math.min(CURVES, all.runs().size()));
    page.section("Curves");
    CurveCharts.of(drawn, all.names()).forEach(page::figure);
    if (drawn.size() < all.runs().size()) {
      page.note("The first " + CURVES + " of " + all.runs().size() + " runs are drawn.");
    }
    pairs(page);
    return page;
  }

  /** Whether the runs were measured on the same rows. */
  private void sameRows(Page page) {
    Set<Set<String>> different = new LinkedHashSet<>();
    for (Run run : all.runs()) {
      if (run.evaluation() != null) {
        Set<String> keys = new LinkedHashSet<>();
        run.evaluation().predictions().forEach(prediction -> keys.add(prediction.row().key()));
        different.add(keys);
      }
    }
    if (different.size() == 1) {
      page.verdict(Verdict.GOOD, "all were measured on the same " + different.iterator().next().size() + " rows");
    } else if (different.size() > 1) {
      page.verdict(Verdict.BAD, "the runs were measured on different rows: differences below are of the rows that two of them "
          + "share, "
          + "figures of a run are of its own rows");
    }
    long heldOut = all.runs().stream().filter(run -> run.facts().measuredOn().equals("held-out")).count();
    if (heldOut > 0) {
      page.verdict(Verdict.NOTICE, heldOut
          + " of the runs were measured on the rows that chose their weights: a little too good");
    }
  }

  private void figures(Page page) {
    page.section("Figures");
    List<String> headlines = all.headlines();
    List<String> headers = new ArrayList<>(List.of(""));
    headers.addAll(all.names());
    Table table = new Table("", headers);
    row(table, "method", run -> run.facts().method());
    row(table, "numbers trained", run -> String.format(Locale.ROOT, "%,d", run.facts().trainedParameters()));
    row(table, "rows learnt from", run -> String.format(Locale.ROOT, "%,d", run.facts().trainingRows()));
    row(table, "steps", run -> String.valueOf(run.facts().steps()));
    row(table, "seconds of training", run -> String.format(Locale.ROOT, "%.1f", run.facts().seconds()));
    row(table, "rows measured", run -> run.evaluation() == null ? "none" : Findings.rows(run));
    for (String name : headlines) {
      row(table, name.replace('_', ' '), run -> run.evaluation() == null ? ""
          : RunComparisonText.withInterval(run.evaluation().figure(name)));
    }
    page.table(table);
    for (String name : headlines.stream().limit(4).toList()) {
      List<Charts.Estimate> estimates = new ArrayList<>();
      for (int i = 0; i < all.runs().size(); i++) {
        if (all.runs().get(i).evaluation() != null) {
          Figure figure = all.runs().get(i).evaluation().figure(name);
          estimates.add(new Charts.Estimate(all.names().get(i), figure.value(), figure.low(), figure.high()));
        }
      }
      String plain = name.replace('_', ' ');
      page.figure(Charts.intervals(plain.substring(0, 1).toUpperCase(Locale.ROOT) + plain.substring(1)
          + (Evaluation.lessIsBetter(name)
          ? " (less is better)" : ""), plain, estimates, Double.NaN));
    }
  }

  private void row(Table table, String name, Function<Run, ?> value) {
    List<Object> row = new ArrayList<>(List.of(name));
    all.runs().forEach(run -> row.add(value.apply(run)));
    table.row(row.toArray());
  }

  private void settings(Page page) {
    page.section("Settings that differ");
    if (all.differing().isEmpty()) {
      page.text("None.");
      return;
    }
    List<String> headers = new ArrayList<>(List.of("setting"));
    headers.addAll(all.names());
    Table table = new Table("", headers);
    all.differing().forEach((key, values) -> {
      List<Object> row = new ArrayList<>(List.of(key));
      row.addAll(values);
      table.row(row.toArray());
    });
    page.table(table);
  }

  private void pairs(Page page) {
    page.section("Run against run");
    for (RunComparison.Pair pair : all.pairs()) {
      if (pair.comparison() != null) {
        page.details(all.names().get(pair.first()) + " → " + all.names().get(pair.second()), inner -> pair(inner, pair));
      }
    }
  }

  private void pair(Page page, RunComparison.Pair pair) {
    Comparison comparison = pair.comparison();
    String first = all.names().get(pair.first());
    String second = all.names().get(pair.second());
    Table table = Table.of("Differences, with intervals of a paired bootstrap", "figure", first,
        second, "change", "from", "to", "");
    comparison.differences().forEach((name, d) -> table.row(name.replace('_', ' '), d.first(), d.second(), d.change().value(),
        d.change().low(), d.change().high(), !d.significant() ? "" : new Table.Cell((d.change().value() > 0)
            == Evaluation.lessIsBetter(name) ? "worse" : "better", (d.change().value() > 0) == Evaluation.lessIsBetter(name)
                ? Verdict.BAD : Verdict.GOOD)));
    page.table(table);
    rows(page, "Rows that " + second + " wins: " + comparison.won().size(), first, second, comparison.won(), comparison.labels());
    rows(page, "Rows that " + second + " loses: " + comparison.lost().size(), first, second, comparison.lost(),
        comparison.labels());
  }

  private static void rows(Page page, String caption, String first, String second, List<Comparison.Pair> pairs,
      List<String> labels) {
    Table table = Table.of(caption + (pairs.size() > ROWS ? ", of which " + ROWS : ""), "line", "text", "true", first, second);
    for (Comparison.Pair pair : pairs.subList(0, Math.min(ROWS, pairs.size()))) {
      Prediction one = pair.first();
      Prediction other = pair.second();
      table.row(one.row().line(), Report.cut(one.row().text()), Report.truth(one, labels), shown(one, labels),
          shown(other, labels));
    }
    if (table.size() > 0) {
      page.table(table);
    } else {
      page.note(caption + ".");
    }
  }

  private static String shown(Prediction prediction, List<String> labels) {
    return prediction instanceof Prediction.OneText text && text.generated() == null
        ? String.format(Locale.ROOT, "loss %.3f", text.loss()) : Report.predicted(prediction, labels);
  }
}
