package dev.hone.train.evaluation;

import dev.hone.train.metric.ConfusionMatrix;
import dev.hone.train.metric.ProbabilityScores;
import dev.hone.train.metric.Scores;
import dev.hone.train.metric.TagSpan;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** What an evaluation finds, as lines of at most 80 columns for people. */
public final class EvaluationText {
  private static final int WIDTH = 80;
  private static final int MAX_CLASSES = 8; // of more, a matrix would be wider
  private static final int MAX_CONFUSIONS = 10;
  private static final int LABEL = 20;
  private static final int BAR = 30;
  private static final Map<String, String> NAMES = Map.ofEntries(Map.entry("auroc", "AUROC"), Map.entry("matthews", "Matthews"),
      Map.entry("brier", "Brier score"), Map.entry("mae", "MAE"), Map.entry("mse", "MSE"), Map.entry("rmse", "RMSE"),
      Map.entry("r2", "R²"), Map.entry("pearson", "Pearson"), Map.entry("spearman", "Spearman"), Map.entry("bleu", "BLEU"),
      Map.entry("chrf", "chrF"), Map.entry("rouge_1", "ROUGE-1"), Map.entry("rouge_2", "ROUGE-2"),
      Map.entry("rouge_l", "ROUGE-L"));
  /** Figures that have a table of their own. */
  private static final String AVERAGED = "(micro|macro|weighted|samples)_(precision|recall|f1)";

  private EvaluationText() {}

  /** Everything about one model. */
  public static List<String> lines(Evaluation evaluation) {
    List<String> lines = new ArrayList<>();
    int rows = evaluation.predictions().size();
    lines.add(rows + (rows == 1 ? " row" : " rows")
        + (evaluation.tokens() == 0 ? "" : ", " + evaluation.tokens() + " tokens that count")
        + (evaluation.written() == 0 ? "" : ", " + evaluation.written() + " texts generated"));
    lines.add(String.format("%-20s %10s   %s %% interval", "", "value",
        BigDecimal.valueOf(100 * evaluation.bootstrap().level()).stripTrailingZeros().toPlainString()));
    evaluation.figures().forEach((name, figure) -> {
      if (!name.matches(AVERAGED)) {
        lines.add(String.format(Locale.ROOT, "%-20s %10s   %s", name(name), number(figure.value()), interval(figure)));
      }
    });
    averages(evaluation, lines);
    byLabel(evaluation, lines);
    confusion(evaluation, lines);
    reliability(evaluation, lines);
    return lines;
  }

  private static void averages(Evaluation evaluation, List<String> lines) {
    Map<String, Figure> figures = evaluation.figures();
    // With one class a row the micro averages all are the accuracy.
    List<String> averages = List.of("micro", "macro", "weighted", "samples").stream()
        .filter(average -> figures.containsKey(average + "_f1") && !(average.equals("micro") && evaluation.confusion() != null))
        .toList();
    if (averages.isEmpty()) {
      return;
    }
    lines.add("");
    lines.add(String.format("%-20s %10s %9s %9s   %s", "mean over labels", "precision", "recall", "F1", "interval of F1"));
    for (String average : averages) {
      Figure f1 = figures.get(average + "_f1");
      lines.add(String.format("%-20s %10s %9s %9s   %s", average, number(figures.get(average + "_precision").value()),
          number(figures.get(average + "_recall").value()), number(f1.value()), interval(f1)));
    }
  }

  private static void byLabel(Evaluation evaluation, List<String> lines) {
    if (evaluation.byLabel().isEmpty()) {
      return;
    }
    lines.add("");
    lines.add(String.format("%-20s %10s %9s %9s %9s", "label", "precision", "recall", "F1", "rows"));
    for (Evaluation.LabelScores label : evaluation.byLabel()) {
      Scores scores = label.scores();
      lines.add(String.format(Locale.ROOT, "%s %10s %9s %9s %9d", padded(label.label(), LABEL), number(scores.precision()),
          number(scores.recall()), number(scores.f1()), label.support()));
    }
  }

  private static void confusion(Evaluation evaluation, List<String> lines) {
    ConfusionMatrix matrix = evaluation.confusion();
    if (matrix == null) {
      return;
    }
    List<String> labels = evaluation.labels();
    lines.add("");
    if (matrix.classes() > MAX_CLASSES) {
      lines.add("most frequent confusions: true, predicted, rows");
      IntStream.range(0, matrix.classes() * matrix.classes()).filter(i -> i / matrix.classes() != i % matrix.classes()).boxed()
          .filter(i -> matrix.count(i / matrix.classes(), i % matrix.classes()) > 0)
          .sorted((a, b) -> Long.compare(matrix.count(b / matrix.classes(), b % matrix.classes()),
              matrix.count(a / matrix.classes(), a % matrix.classes()))).limit(MAX_CONFUSIONS)
          .forEach(i -> lines.add(padded(labels.get(i / matrix.classes()), 30) + " "
              + padded(labels.get(i % matrix.classes()), 30) + String.format(Locale.ROOT, " %8d",
                  matrix.count(i / matrix.classes(), i % matrix.classes()))));
      return;
    }
    int width = Math.max(6, Math.min((WIDTH - LABEL) / matrix.classes() - 1, labels.stream().mapToInt(String::length).max()
        .orElse(0)));
    StringBuilder head = new StringBuilder(padded("true \\ predicted", LABEL));
    labels.forEach(label -> head.append(' ').append(String.format("%" + width + "s", shortened(label, width))));
    lines.add(head.toString());
    for (int t = 0; t < matrix.classes(); t++) {
      StringBuilder row = new StringBuilder(padded(labels.get(t), LABEL));
      for (int p = 0; p < matrix.classes(); p++) {
        row.append(String.format(Locale.ROOT, " %" + width + "d", matrix.count(t, p)));
      }
      lines.add(row.toString());
    }
  }

  private static void reliability(Evaluation evaluation, List<String> lines) {
    List<ProbabilityScores.Bin> bins = evaluation.reliability(ClassFigures.BINS);
    if (bins.isEmpty()) {
      return;
    }
    lines.add("");
    lines.add(String.format("%-20s %10s %9s   %s", "confidence", "rows", "accuracy", "= accuracy, | mean confidence"));
    for (ProbabilityScores.Bin bin : bins) {
      StringBuilder bar = new StringBuilder("=".repeat((int) Math.round(bin.accuracy() * BAR)));
      bar.append(" ".repeat(BAR + 1 - bar.length()));
      bar.setCharAt((int) Math.round(bin.confidence() * BAR), '|');
      lines.add(String.format(Locale.ROOT, "%-20s %10d %9s   %s",
          String.format(Locale.ROOT, "%.2f to %.2f", bin.low(), bin.high()), bin.rows(), number(bin.accuracy()),
          bar.toString().stripTrailing()));
    }
  }

  /** Groups of rows: the figures that say most, and how far the best is from the worst. */
  public static List<String> lines(Slices slices) {
    List<String> shown = headline(slices.groups().getFirst().figures());
    List<String> lines = new ArrayList<>(List.of("", "by " + shortened(slices.column(), WIDTH - 3)));
    StringBuilder head = new StringBuilder(String.format("%-24s %6s", "group", "rows"));
    shown.forEach(name -> head.append(String.format(" %22s", name(name))));
    lines.add(head.toString());
    for (Slices.Group group : slices.groups()) {
      StringBuilder line = new StringBuilder(padded(group.value().isEmpty() ? "(empty)" : group.value(), 24))
          .append(String.format(Locale.ROOT, " %6d", group.rows()));
      shown.forEach(name -> line.append(String.format(" %22s", spread(group.figures().get(name)))));
      lines.add(line.toString());
    }
    for (String name : shown) {
      Slices.Gap gap = slices.gaps().get(name);
      if (gap != null) {
        lines.add(name(name) + ": gap " + number(gap.figure().value()) + ", interval " + interval(gap.figure()));
        lines.add("  best " + shortened(gap.best(), 33) + ", worst " + shortened(gap.worst(), 33));
      }
    }
    if (slices.gaps().isEmpty()) {
      lines.add("no gap: fewer than two groups have " + Slices.FEWEST + " rows");
    }
    return lines;
  }

  /** The two figures that are looked at first. */
  static List<String> headline(Map<String, Figure> figures) {
    return List.of("accuracy", "macro_f1", "rmse", "r2", "loss", "token_accuracy").stream().filter(figures::containsKey).limit(2)
        .toList();
  }

  private static String spread(Figure figure) {
    return number(figure.value()) + " " + (Double.isNaN(figure.low()) ? ""
        : String.format(Locale.ROOT, "%.3f-%.3f", figure.low(), figure.high()));
  }

  /**
   * What a swap of terms does.
   *
   * @param examples how many texts to show per pair
   */
  public static List<String> lines(SwapTest test, int examples) {
    List<String> lines = new ArrayList<>();
    for (SwapTest.PairResult pair : test.pairs()) {
      lines.add("");
      lines.add(shortened("swap " + pair.terms().one() + " / " + pair.terms().other(), WIDTH));
      if (pair.rows() == 0) {
        lines.add("  no text has either");
        continue;
      }
      boolean number = Double.isNaN(pair.share().value());
      lines.add(number ? String.format(Locale.ROOT, "  in %d rows; the number changes by %s on average", pair.rows(),
          number(pair.meanChange())) : String.format(Locale.ROOT, "  the prediction changes in %d of %d rows: %.1f %%, interval "
              + "%.1f to %.1f", pair.changed(), pair.rows(), 100 * pair.share().value(), 100 * pair.share().low(),
              100 * pair.share().high()));
      if (!number) {
        lines.add("  its probability moves by " + number(pair.meanChange()) + " on average");
      }
      if (!pair.effects().isEmpty()) {
        lines.add(shortened("  with '" + pair.terms().other() + "' for '" + pair.terms().one() + "':", WIDTH));
      }
      for (int l = 0; l < pair.effects().size(); l++) {
        Figure effect = pair.effects().get(l);
        lines.add("    " + padded(test.labels().get(l), LABEL) + String.format(Locale.ROOT, " %+.4f   %s", effect.value(),
            interval(effect)));
      }
      pair.examples().stream().filter(change -> change.changed() || number).limit(examples).forEach(change -> {
        lines.add(shortened("  line " + change.row().line() + ": " + change.before() + " -> " + change.after() + " ("
            + String.format(Locale.ROOT, "%+.3f", change.change()) + ")", WIDTH));
        lines.add("    " + shortened(change.row().text(), WIDTH - 4));
      });
    }
    return lines;
  }

  /**
   * Two models on the same rows.
   *
   * @param first what to call the first
   * @param second what to call the second
   * @param examples how many rows won and how many lost to show
   */
  public static List<String> lines(Comparison comparison, String first, String second, int examples) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add("first:  " + shortened(first, WIDTH - 8));
    lines.add("second: " + shortened(second, WIDTH - 8));
    lines.add(comparison.pairs().size() + " rows in both"
        + (comparison.unpaired() == 0 ? "" : ", " + comparison.unpaired() + " in only one of them left out"));
    lines.add(String.format("%-20s %9s %9s %9s   %s", "", "first", "second", "change", "interval of the change"));
    comparison.differences().forEach((name, difference) -> {
      if (!name.matches(AVERAGED) || name.equals("macro_f1") || name.equals("micro_f1")
          && !comparison.differences().containsKey("balanced_accuracy")) {
        lines.add(String.format(Locale.ROOT, "%-20s %9s %9s %9s   %s%s", name(name), number(difference.first()),
            number(difference.second()), String.format(Locale.ROOT, "%+.4f", difference.change().value()),
            interval(difference.change()), difference.significant() ? " *" : ""));
      }
    });
    lines.add("* the interval does not contain 0");
    boolean judged = comparison.pairs().getFirst().second().right().isPresent();
    lines.add("");
    lines.add(judged ? comparison.won().size() + " rows only the second gets right, " + comparison.lost().size()
        + " only the first" : comparison.won().size() + " rows with a smaller loss in the second, " + comparison.lost().size()
        + " in the first");
    lines.add((judged ? "McNemar's" : "sign") + " test: p = " + String.format(Locale.ROOT, "%.2g", comparison.pValue()));
    examples(comparison, comparison.won(), "won", examples, lines);
    examples(comparison, comparison.lost(), "lost", examples, lines);
    return lines;
  }

  private static void examples(Comparison comparison, List<Comparison.Pair> pairs, String what, int examples,
      List<String> lines) {
    if (pairs.isEmpty() || examples == 0) {
      return;
    }
    lines.add("");
    lines.add(what + ", by change of loss" + (pairs.size() > examples ? " (the first " + examples + " of " + pairs.size() + ")"
        : ""));
    for (Comparison.Pair pair : pairs.subList(0, Math.min(examples, pairs.size()))) {
      lines.add(shortened("line " + pair.second().row().line() + truth(pair.second(), comparison.labels()) + ": "
          + answer(pair.first(), comparison.labels()) + " -> " + answer(pair.second(), comparison.labels()), WIDTH));
      lines.add("    " + shortened(pair.second().row().text(), WIDTH - 4));
      if (pair.first() instanceof Prediction.OneText one && one.written() && pair.second() instanceof Prediction.OneText other
          && other.written()) {
        lines.add("    wanted: " + shortened(other.reference(), WIDTH - 12));
        lines.add("    first:  " + shortened(one.generated(), WIDTH - 12));
        lines.add("    second: " + shortened(other.generated(), WIDTH - 12));
      }
    }
  }

  private static String answer(Prediction prediction, List<String> labels) {
    return switch (prediction) {
      case Prediction.OneClass one -> labels.get(one.predicted()) + String.format(Locale.ROOT, " %.3f",
          one.probabilities()[one.predicted()]);
      case Prediction.SomeLabels some -> names(some.predicted(), labels)
          + String.format(Locale.ROOT, " (loss %.3f)", some.loss());
      case Prediction.OneNumber number -> number(number.predicted());
      case Prediction.OnePair pair -> (pair.chosen() > pair.rejected() ? "right" : "wrong") + " by "
          + number(Math.abs(pair.chosen() - pair.rejected()));
      case Prediction.OneTagging tagging -> spans(tagging, tagging.predicted());
      case Prediction.OneText text -> "loss " + number(text.loss());
    };
  }

  private static String truth(Prediction prediction, List<String> labels) {
    return switch (prediction) {
      case Prediction.OneClass one -> ", true " + labels.get(one.truth());
      case Prediction.SomeLabels some -> ", true " + names(some.truth(), labels);
      case Prediction.OneNumber number -> ", true " + number(number.truth());
      case Prediction.OneTagging tagging -> ", true " + spans(tagging, tagging.truth());
      case Prediction.OnePair _, Prediction.OneText _ -> "";
    };
  }

  private static String spans(Prediction.OneTagging tagging, List<String> tags) {
    String[] words = tagging.row().text().split(" ");
    return TagSpan.of(tags).stream().map(span -> span.type() + " '" + String.join(" ", Arrays.asList(words)
        .subList(Math.min(span.first(), words.length), Math.min(span.last() + 1, words.length))) + "'")
        .reduce((a, b) -> a + ", " + b).orElse("nothing");
  }

  private static String names(boolean[] chosen, List<String> labels) {
    return String.join("|", IntStream.range(0, labels.size()).filter(l -> chosen[l]).mapToObj(labels::get).toList());
  }

  private static String name(String figure) {
    return NAMES.getOrDefault(figure, figure.replace('_', ' ').replace("f1", "F1"));
  }

  /** Four decimals, or fewer where a number is large. */
  static String number(double value) {
    return Double.isNaN(value) ? "undefined" : String.format(Locale.ROOT, Math.abs(value) >= 1e5 ? "%.3e"
        : Math.abs(value) >= 100 ? "%.2f" : "%.4f", value);
  }

  private static String interval(Figure figure) {
    return Double.isNaN(figure.low()) ? "" : number(figure.low()) + " to " + number(figure.high());
  }

  private static String padded(String text, int width) {
    String cut = shortened(text, width);
    return cut + " ".repeat(Math.max(0, width - cut.codePointCount(0, cut.length())));
  }

  /** One line of at most so many characters, without what would move a terminal's cursor. */
  static String shortened(String text, int width) {
    StringBuilder plain = new StringBuilder();
    text.codePoints().limit(2L * WIDTH).map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? ' ' : c)
        .forEach(plain::appendCodePoint);
    boolean cut = plain.codePointCount(0, plain.length()) > width;
    return cut ? plain.substring(0, plain.offsetByCodePoints(0, Math.max(1, width - 3))) + "..." : plain.toString();
  }
}
