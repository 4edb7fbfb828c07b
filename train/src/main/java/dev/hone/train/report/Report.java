package dev.hone.train.report;

import dev.hone.core.io.AtomicFile;
import dev.hone.train.task.TaskName;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Figure;
import dev.hone.train.evaluation.Prediction;
import dev.hone.train.evaluation.Slices;
import dev.hone.train.metric.ConfusionMatrix;
import dev.hone.train.page.Charts;
import dev.hone.train.page.Page;
import dev.hone.train.page.Table;
import dev.hone.train.page.Verdict;
import dev.hone.train.task.TaskName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A run for people: {@code report.html}, one file that needs no other, and {@code README.md}, the model card.
 *
 * {@snippet :
 * Report.of(Path.of("out")).write();
 * }
 */
public final class Report {
  /** The page's file in a run's directory. */
  public static final String PAGE = "report.html";
  /** The model card's file in a run's directory and beside the weights. */
  public static final String CARD = "README.md";

  private static final int WORST_ROWS = 10;
  private static final int TEXT = 600; // characters of a text that are shown

  private final Run run;

  Report(Run run) {
    this.run = run;
  }

  /** The report of a run, from what it left in its directory. */
  public static Report of(Path directory) throws IOException {
    return new Report(Run.read(directory));
  }

  /** Writes page and model card into the run's directory. */
  public void write() throws IOException {
    page().write(run.directory().resolve(PAGE));
    String card = new ModelCard(run).text();
    AtomicFile.writeString(run.directory().resolve(CARD), card);
    Path weights = run.directory().resolve(run.facts().product());
    if (Files.isDirectory(weights)) {
      AtomicFile.writeString(weights.resolve(CARD), card);
    }
  }

  /** What is wrong with the run, as the page says first: a line each. */
  public List<String> faults() {
    return Findings.of(run).stream().filter(finding -> finding.verdict() == Verdict.BAD).map(Findings.Finding::line).toList();
  }

  /** The page. */
  Page page() {
    RunFacts facts = run.facts();
    Page page = new Page("Run " + run.name());
    page.text(String.format(Locale.ROOT, "%s of %s, %s: %,d of %,d numbers trained on %,d rows (%,d tokens), %d steps in %s. "
        + "Finished %s.", facts.method(), facts.baseModel(), facts.task().equals("classify")
            ? facts.problemType().replace('_', ' ') : TaskName.named(facts.task()).model(),
        facts.trainedParameters(), facts.allParameters(), facts.trainingRows(), facts.trainingTokens(),
        facts.steps(), duration(facts.seconds()), facts.finished()));
    Findings.of(run).forEach(finding -> page.verdict(finding.verdict(), finding.line()));
    if (run.evaluation() != null) {
      figures(page, run.evaluation());
    }
    if (!run.slices().isEmpty()) {
      groups(page);
    }
    if (!run.curves().steps().isEmpty()) {
      page.section("Curves");
      CurveCharts.of(run).forEach(page::figure);
    }
    answers(page);
    data(page);
    settings(page);
    return page;
  }

  static String duration(double seconds) {
    return seconds < 120 ? String.format(Locale.ROOT, "%.1f s", seconds)
        : String.format(Locale.ROOT, "%d:%02d minutes", (long) seconds / 60, (long) seconds % 60);
  }

  private void figures(Page page, Evaluation evaluation) {
    page.section("Figures on " + Findings.rows(run));
    int rows = evaluation.predictions().size();
    if (rows < run.facts().rowsThere() && evaluation.tokens() == 0) {
      page.note("Of " + run.facts().rowsThere() + " rows there, " + rows + " evenly spread ones were measured.");
    }
    page.note(String.format(Locale.ROOT,
        "Intervals hold %.0f %%: corrected bootstrap over rows (BCa), %,d draws; Wilson for shares.",
        100 * evaluation.bootstrap().level(), evaluation.bootstrap().resamples()));
    List<Charts.Estimate> shares = new ArrayList<>();
    Table table = Table.of("", "figure", "value", "from", "to");
    evaluation.figures().forEach((name, figure) -> {
      table.row(name.replace('_', ' '), figure.value(), figure.low(), figure.high());
      if (isShare(name, figure)) {
        shares.add(new Charts.Estimate(name.replace('_', ' '), figure.value(), figure.low(), figure.high()));
      }
    });
    if (!shares.isEmpty()) {
      page.figure(Charts.intervals("Figures from 0 to 1, with intervals", "value", shares, Double.NaN));
    }
    ConfusionMatrix matrix = evaluation.confusion();
    if (matrix != null) {
      long[][] counts = new long[matrix.classes()][matrix.classes()];
      for (int t = 0; t < counts.length; t++) {
        for (int p = 0; p < counts.length; p++) {
          counts[t][p] = matrix.count(t, p);
        }
      }
      page.figure(Charts.matrix("Confusion matrix", "true", "predicted", evaluation.labels(), counts));
      page.figure(Charts.reliability("Calibration: accuracy by confidence", evaluation.reliability(10)));
    }
    errors(page, evaluation);
    page.details("All figures", inner -> inner.table(table));
    if (!evaluation.byLabel().isEmpty()) {
      Table byLabel = Table.of("By label", "label", "precision", "recall", "F1", "rows");
      evaluation.byLabel().stream().limit(200).forEach(label -> byLabel.row(label.label(), label.scores().precision(),
          label.scores().recall(), label.scores().f1(), label.support()));
      page.table(byLabel);
    }
    worst(page, evaluation);
  }

  private void groups(Page page) {
    page.section("Groups of rows");
    page.note("Groups of fewer than " + Slices.FEWEST
        + " rows take no part in gaps. That the best and the worst group were picked "
        + "among several is not in the interval of a gap.");
    for (Slices slices : run.slices()) {
      String name = List.of("accuracy", "micro_f1", "rmse", "loss").stream().filter(run.evaluation().figures()::containsKey)
          .findFirst().orElseThrow();
      Table table = Table.of("", slices.column(), "rows", name.replace('_', ' '), "from", "to");
      List<Charts.Estimate> estimates = new ArrayList<>();
      for (Slices.Group group : slices.groups()) {
        Figure figure = group.figures().get(name);
        String value = group.value().isEmpty() ? "(none)" : group.value();
        table.row(value, group.rows(), figure.value(), figure.low(), figure.high());
        estimates.add(new Charts.Estimate(value + " (" + group.rows() + ")", figure.value(), figure.low(), figure.high()));
      }
      page.subsection("By " + slices.column());
      Slices.Gap gap = slices.gaps().get(name);
      if (gap != null) {
        boolean apart = gap.figure().low() > 0;
        page.verdict(apart ? Verdict.BAD : Verdict.GOOD,
            String.format(Locale.ROOT, "%s of '%s' and '%s' is %.3f apart (%.3f to %.3f)%s",
            name.replace('_', ' '), gap.best(), gap.worst(), gap.figure().value(), gap.figure().low(), gap.figure().high(),
            apart ? ": more than chance explains" : ", which may be chance"));
      }
      page.figure(Charts.intervals(name.replace('_', ' ') + " by " + slices.column() + "; dashed: all rows",
          name.replace('_', ' '),
          estimates, run.evaluation().figure(name).value()));
      page.table(table);
    }
  }

  /** Figures that share an axis: from 0 to 1, more is better. */
  private static boolean isShare(String name, Figure figure) {
    return !Evaluation.lessIsBetter(name) && Double.isFinite(figure.value()) && figure.low() >= 0 && figure.high() <= 1
        && !name.startsWith("micro_") && !name.endsWith("precision") && !name.endsWith("recall");
  }

  private static void errors(Page page, Evaluation evaluation) {
    if (evaluation.predictions().getFirst() instanceof Prediction.OneNumber) {
      double[] errors = evaluation.predictions().stream().mapToDouble(p -> p instanceof Prediction.OneNumber n
          ? n.predicted() - n.truth() : Double.NaN).toArray();
      page.figure(Charts.histogram("Errors: predicted minus true", "error", errors, new Charts.Rule("none", 0)));
    } else if (evaluation.tokens() > 0 && evaluation.predictions().size() > 1) {
      page.figure(Charts.histogram("Loss by text", "mean loss of a token",
          evaluation.predictions().stream().mapToDouble(Prediction::loss).toArray()));
    }
  }

  private static void worst(Page page, Evaluation evaluation) {
    List<Prediction> worst = evaluation.predictions().stream()
        .sorted(Comparator.comparingDouble((Prediction p) -> -p.loss())).limit(WORST_ROWS).toList();
    Table table = Table.of("Rows with the highest loss: the model's faults, or the labels'", "line", "text", "true", "predicted",
        "loss");
    for (Prediction prediction : worst) {
      table.row(prediction.row().line(), cut(prediction.row().text()), truth(prediction, evaluation.labels()),
          predicted(prediction, evaluation.labels()), prediction.loss());
    }
    page.details("Rows with the highest loss", inner -> inner.table(table));
  }

  static String truth(Prediction prediction, List<String> labels) {
    return switch (prediction) {
      case Prediction.OneClass one -> labels.get(one.truth());
      case Prediction.SomeLabels some -> chosen(some.truth(), labels);
      case Prediction.OneNumber number -> String.format(Locale.ROOT, "%.4g", number.truth());
      case Prediction.OnePair _ -> "";
      case Prediction.OneTagging tagging -> cut(String.join(" ", tagging.truth()));
      case Prediction.OneText text -> text.reference() == null ? "" : cut(text.reference());
    };
  }

  static String predicted(Prediction prediction, List<String> labels) {
    return switch (prediction) {
      case Prediction.OneClass one -> String.format(Locale.ROOT, "%s (%.2f)", labels.get(one.predicted()),
          one.probabilities()[one.predicted()]);
      case Prediction.SomeLabels some -> chosen(some.predicted(), labels);
      case Prediction.OneNumber number -> String.format(Locale.ROOT, "%.4g", number.predicted());
      case Prediction.OnePair pair -> String.format(Locale.ROOT, "%.4g and %.4g", pair.chosen(), pair.rejected());
      case Prediction.OneTagging tagging -> cut(String.join(" ", tagging.predicted()));
      case Prediction.OneText text -> text.generated() == null ? "" : cut(text.generated());
    };
  }

  private static String chosen(boolean[] chosen, List<String> labels) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i]) {
        names.add(labels.get(i));
      }
    }
    return names.isEmpty() ? "(none)" : String.join(", ", names);
  }

  static String cut(String text) {
    return text.length() <= TEXT ? text : text.substring(0, TEXT) + " …";
  }

  private void answers(Page page) {
    if (run.facts().samples().isEmpty()) {
      return;
    }
    page.section("Before and after");
    page.note(run.facts().task().equals("prefer") && !run.facts().labels().isEmpty()
        ? "Rewards of a better answer and of a worse one." : List.of("generate", "prefer", "distil").contains(run.facts().task())
        ? "What the model writes, the likeliest word every time, before training and with the weights kept."
        : "Before training a new head answers at random.");
    boolean wanted = run.facts().samples().stream().anyMatch(sample -> !sample.wanted().isEmpty());
    Table table = wanted ? Table.of("", "input", "wanted", "before", "after") : Table.of("", "input", "before", "after");
    for (RunFacts.Sample sample : run.facts().samples()) {
      List<String> cells = new ArrayList<>(List.of(sample.input(), sample.wanted(), sample.before(), sample.after()));
      if (!wanted) {
        cells.remove(1);
      }
      table.row(cells.stream().map(Report::cut).toArray());
    }
    page.table(table);
  }

  private void data(Page page) {
    page.section("Data");
    Table files = Table.of("", "rows for", "file", "bytes", "SHA-256");
    run.facts().files().forEach(file -> files.row(file.role(), file.file(), file.bytes(), file.sha256()));
    page.table(files);
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("rows learnt from", run.facts().trainingRows());
    values.put("their tokens", run.facts().trainingTokens());
    if (!run.facts().measuredOn().isEmpty()) {
      values.put(run.facts().measuredOn() + " rows", run.facts().rowsThere());
    }
    if (!run.facts().labels().isEmpty()) {
      values.put("labels", String.join(", ", run.facts().labels()));
    }
    values.putAll(run.facts().remarks());
    page.values(values);
  }

  private void settings(Page page) {
    page.section("How to do it again");
    if (run.settings().isEmpty()) {
      page.note("The run was started from Java; its settings are not in its directory.");
    } else {
      page.code("./hone train --config " + run.directory().resolve("run.yaml") + " --overwrite");
      page.note("The same files, settings and seed give the same bits, on any number of threads of machines with the same "
          + "kernels.");
      page.details("Settings", inner -> inner.values(run.settings()));
    }
    page.details("Environment", inner -> inner.values(run.facts().environment()));
    page.note("Beside this page: " + String.join(", ", beside()) + ".");
  }

  private List<String> beside() {
    return Arrays.stream(new String[] {"run.yaml (settings)", "run.json (facts)", "metrics.jsonl (every step)",
        "predictions.jsonl (every measured row)", "runs (TensorBoard)", run.facts().product() + " (weights)"})
        .filter(name -> Files.exists(run.directory().resolve(name.substring(0, name.indexOf(' '))))).toList();
  }
}
