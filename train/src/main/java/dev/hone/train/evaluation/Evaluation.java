package dev.hone.train.evaluation;

import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.ConfusionMatrix;
import dev.hone.train.metric.MultiLabelScores;
import dev.hone.train.metric.ProbabilityScores;
import dev.hone.train.metric.SpanScores;
import dev.hone.train.metric.Scores;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How well a model does on rows whose answers are known.
 *
 * @param labels the names of classes or labels; empty for a language model
 * @param predictions row by row, all of one kind, one or more
 * @param figures by name, such as {@code accuracy} or {@code loss}, with their intervals; see the README for the names
 * @param bootstrap how the intervals were made
 */
public record Evaluation(List<String> labels, List<Prediction> predictions, Map<String, Figure> figures, Bootstrap bootstrap) {
  /** Measures predictions. Throws {@link IllegalArgumentException} if there are none or they are not of one kind. */
  public static Evaluation of(List<String> labels, List<? extends Prediction> predictions, Bootstrap bootstrap) {
    Figures figures = Figures.of(predictions);
    return new Evaluation(List.copyOf(labels), List.copyOf(predictions),
        measure(figures, IntStream.range(0, predictions.size()).toArray(), bootstrap), bootstrap);
  }

  /** The figures of some rows, without more. */
  static Map<String, Figure> measure(Figures figures, int[] rows, Bootstrap bootstrap) {
    double[] values = figures.of(rows);
    List<Bootstrap.Interval> intervals = bootstrap.intervals(rows.length,
        drawn -> figures.of(IntStream.of(drawn).map(at -> rows[at]).toArray()));
    Map<String, Figure> measured = new LinkedHashMap<>();
    for (int i = 0; i < values.length; i++) {
      String name = figures.names().get(i);
      int count = figures.count(name, rows);
      boolean share = Figures.SHARES.contains(name) && count > 0;
      measured.put(name, Figure.of(values[i], share ? bootstrap.share(values[i] * count, count) : intervals.get(i)));
    }
    return measured;
  }

  /** A figure by name. Throws {@link IllegalArgumentException} if rows of this kind do not have it. */
  public Figure figure(String name) {
    Figure figure = figures.get(name);
    if (figure == null) {
      throw new IllegalArgumentException("evaluation: there is no '" + name + "'; there are "
          + String.join(", ", figures.keySet()));
    }
    return figure;
  }

  /** Whether less of a figure is better, as of a loss. */
  public static boolean lessIsBetter(String name) {
    return Figures.LESS_IS_BETTER.contains(name);
  }

  /** The predictions of a classifier of one class a row; empty for other kinds. */
  public List<Prediction.OneClass> classes() {
    return kind(Prediction.OneClass.class);
  }

  /** True against predicted classes; null unless each row has one class. */
  public ConfusionMatrix confusion() {
    List<Prediction.OneClass> rows = classes();
    return rows.isEmpty() ? null : ConfusionMatrix.of(rows.stream().mapToInt(Prediction.OneClass::truth).toArray(),
        rows.stream().mapToInt(Prediction.OneClass::predicted).toArray(), labels.size());
  }

  /** The reliability curve, of 15 bins for the calibration error or of another number; empty unless each row has one class. */
  public List<ProbabilityScores.Bin> reliability(int bins) {
    List<Prediction.OneClass> rows = classes();
    return rows.isEmpty() ? List.of() : new ProbabilityScores(rows.stream().mapToInt(Prediction.OneClass::truth).toArray(),
        rows.stream().map(Prediction.OneClass::probabilities).toArray(double[][]::new)).reliability(bins);
  }

  /**
   * How one class or label is told.
   *
   * @param label its name
   * @param scores precision, recall and F1
   * @param support rows that have it
   */
  public record LabelScores(String label, Scores scores, long support) {}

  /** The scores of each class or label, or of each type of spans; empty for numbers, texts and pairs. */
  public List<LabelScores> byLabel() {
    List<LabelScores> all = new ArrayList<>();
    ConfusionMatrix matrix = confusion();
    List<Prediction.SomeLabels> several = kind(Prediction.SomeLabels.class);
    MultiLabelScores scores = MultiLabelScores.of(several.stream().map(Prediction.SomeLabels::truth).toArray(boolean[][]::new),
        several.stream().map(Prediction.SomeLabels::predicted).toArray(boolean[][]::new));
    List<Prediction.OneTagging> tagged = kind(Prediction.OneTagging.class);
    if (!tagged.isEmpty()) {
      SpanScores spans = TagFigures.spans(tagged);
      for (int t = 0; t < spans.types().size(); t++) {
        all.add(new LabelScores(spans.types().get(t), spans.scores(t), spans.support(t)));
      }
      return all;
    }
    for (int l = 0; l < labels.size(); l++) {
      if (matrix != null) {
        all.add(new LabelScores(labels.get(l), matrix.scores(l), matrix.support(l)));
      } else if (!several.isEmpty()) {
        all.add(new LabelScores(labels.get(l), scores.scores(l), scores.support(l)));
      }
    }
    return all;
  }

  /** Number of tokens of a language model's rows that count; 0 for a classifier. */
  public long tokens() {
    return kind(Prediction.OneText.class).stream().mapToLong(Prediction.OneText::tokens).sum();
  }

  /** For how many rows a language model wrote a text of its own. */
  public int written() {
    return (int) kind(Prediction.OneText.class).stream().filter(Prediction.OneText::written).count();
  }

  private <P extends Prediction> List<P> kind(Class<P> kind) {
    return kind.isInstance(predictions.getFirst()) ? predictions.stream().map(kind::cast).toList() : List.of();
  }
}
