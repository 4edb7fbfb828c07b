package dev.hone.train.evaluation;

import dev.hone.nn.Labels;
import dev.hone.train.infer.Logits;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.metric.Bootstrap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A counterfactual test: what a classifier says of texts in which only a term was exchanged for its counterpart. If the two
 * should make no difference, such as "he" and "she", every change is a fault of the model.
 *
 * @param labels the names of classes or labels; of a regression the one of the number
 * @param pairs one result per pair of terms, in their order
 */
public record SwapTest(List<String> labels, List<PairResult> pairs) {
  /**
   * Two terms that take each other's place, as whole words.
   *
   * @param one a word or several
   * @param other its counterpart
   */
  public record Terms(String one, String other) {
    /** Checks that there are two, and that they differ in more than case. */
    public Terms {
      if (one.isBlank() || other.isBlank() || one.equalsIgnoreCase(other)) {
        throw new IllegalArgumentException("swap: two different terms are needed, got '" + one + "' and '" + other + "'");
      }
    }

    /**
     * The text with both terms exchanged, in both directions; null if it has neither. Capitals stay where they are: a term in
     * capitals or with a capital first letter gets its counterpart so.
     */
    public String swap(String text) {
      Matcher found = pattern().matcher(text);
      StringBuilder swapped = new StringBuilder();
      boolean any = false;
      while (found.find()) {
        any = true;
        String word = found.group();
        found.appendReplacement(swapped, Matcher.quoteReplacement(like(word, word.equalsIgnoreCase(one) ? other : one)));
      }
      return any ? found.appendTail(swapped).toString() : null;
    }

    /** 1 if the text has the first term alone, -1 if it has the second alone, else 0. */
    int direction(String text) {
      boolean first = false;
      boolean second = false;
      for (Matcher found = pattern().matcher(text); found.find();) {
        first |= found.group().equalsIgnoreCase(one);
        second |= !found.group().equalsIgnoreCase(one);
      }
      return (first ? 1 : 0) - (second ? 1 : 0);
    }

    private Pattern pattern() {
      boolean longerFirst = one.length() >= other.length(); // "she was" before "she"
      return Pattern.compile("(?<![\\p{L}\\p{M}\\p{N}_])(?:" + Pattern.quote(longerFirst ? one : other) + "|"
          + Pattern.quote(longerFirst ? other : one) + ")(?![\\p{L}\\p{M}\\p{N}_])",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    }

    private static String like(String model, String word) {
      if (model.codePoints().noneMatch(Character::isUpperCase)) {
        return word;
      }
      if (model.length() > 1 && model.equals(model.toUpperCase(Locale.ROOT))) {
        return word.toUpperCase(Locale.ROOT);
      }
      int first = word.offsetByCodePoints(0, 1);
      boolean capital = Character.isUpperCase(model.codePointAt(0));
      return capital ? word.substring(0, first).toUpperCase(Locale.ROOT) + word.substring(first) : word;
    }
  }

  /**
   * Reads pairs from a file: two terms a line with a tab between them; empty lines and those that begin with # do not count.
   *
   * @throws IllegalArgumentException naming the line that is something else
   */
  public static List<Terms> read(Path file) throws IOException {
    List<Terms> pairs = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String[] terms = line.split("\\t+");
      if (terms.length != 2) {
        throw new IllegalArgumentException(file + " line " + (i + 1) + ": two terms with a tab between them are needed, is '"
            + line + "'");
      }
      try {
        pairs.add(new Terms(terms[0].strip(), terms[1].strip()));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(file + " line " + (i + 1) + ": " + e.getMessage(), e);
      }
    }
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(file + ": has no pairs of terms");
    }
    return pairs;
  }

  /**
   * A text and its counterpart.
   *
   * @param row the text
   * @param swapped the same with the terms exchanged
   * @param before what is predicted of the text
   * @param after what is predicted of its counterpart
   * @param changed whether these are different labels; never of a regression
   * @param change of the probability of the label predicted before; of a regression, of the number
   */
  public record Change(Row row, String swapped, String before, String after, boolean changed, double change) {}

  /**
   * What a pair of terms does.
   *
   * @param terms the pair
   * @param rows texts that have one of them or both
   * @param changed how many of these have another prediction with the terms exchanged
   * @param share that is, of the rows, with its interval; NaN without rows and of a regression
   * @param meanChange the mean size of {@link Change#change}
   * @param effects by label: how much the probability rises on average when the second term stands where the first stood, of
   *     the texts that have only one of them; of a regression, the number
   * @param examples the texts whose prediction changes, then the others; within both the largest change first
   */
  public record PairResult(Terms terms, int rows, int changed, Figure share, double meanChange, List<Figure> effects,
      List<Change> examples) {}

  /** Puts a classifier to the test. A text is cut to the length that the classifier reads, with or without exchange. */
  public static SwapTest of(TextClassifier classifier, List<Row> rows, List<Terms> pairs, Bootstrap bootstrap) {
    List<PairResult> results = new ArrayList<>();
    for (Terms terms : pairs) {
      List<Row> having = rows.stream().filter(row -> terms.swap(row.text()) != null).toList();
      List<String> swapped = having.stream().map(row -> terms.swap(row.text())).toList();
      results.add(result(terms, having, swapped, classifier.predict(having.stream().map(Row::text).toList()),
          classifier.predict(swapped), classifier.model().labels().kind() == Labels.Kind.REGRESSION, bootstrap));
    }
    return new SwapTest(classifier.model().labels().names(), List.copyOf(results));
  }

  private static PairResult result(Terms terms, List<Row> rows, List<String> swapped, List<TextClassifier.Prediction> before,
      List<TextClassifier.Prediction> after, boolean numbers, Bootstrap bootstrap) {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      TextClassifier.Prediction first = before.get(i);
      TextClassifier.Prediction second = after.get(i);
      int label = Logits.argMax(first.probabilities());
      changes.add(new Change(rows.get(i), swapped.get(i), shown(first, numbers), shown(second, numbers),
          !numbers && !first.label().equals(second.label()),
          (double) second.probabilities()[label] - first.probabilities()[label]));
    }
    int changed = (int) changes.stream().filter(Change::changed).count();
    Figure share = rows.isEmpty() || numbers ? new Figure(Double.NaN, Double.NaN, Double.NaN)
        : Figure.of(changed / (double) rows.size(), bootstrap.share(changed, rows.size()));
    return new PairResult(terms, rows.size(), changed, share,
        changes.stream().mapToDouble(change -> Math.abs(change.change)).average().orElse(Double.NaN),
        effects(terms, rows, before, after, bootstrap),
        changes.stream().sorted(Comparator.comparing(Change::changed).thenComparingDouble(change -> Math.abs(change.change))
            .reversed()).toList());
  }

  private static String shown(TextClassifier.Prediction prediction, boolean number) {
    return number ? String.format(Locale.ROOT, "%.4f", prediction.probability()) : prediction.label();
  }

  private static List<Figure> effects(Terms terms, List<Row> rows, List<TextClassifier.Prediction> before,
      List<TextClassifier.Prediction> after, Bootstrap bootstrap) {
    int[] single = IntStream.range(0, rows.size()).filter(i -> terms.direction(rows.get(i).text()) != 0).toArray();
    if (single.length == 0) {
      return List.of();
    }
    List<Figure> effects = new ArrayList<>();
    for (int l = 0; l < before.getFirst().probabilities().length; l++) {
      int label = l;
      double[] rises = IntStream.of(single).mapToDouble(i -> terms.direction(rows.get(i).text())
          * ((double) after.get(i).probabilities()[label] - before.get(i).probabilities()[label])).toArray();
      effects.add(Figure.of(IntStream.range(0, rises.length).mapToDouble(i -> rises[i]).average().orElseThrow(),
          bootstrap.interval(rises.length, drawn -> IntStream.of(drawn).mapToDouble(i -> rises[i]).average().orElseThrow())));
    }
    return effects;
  }
}
