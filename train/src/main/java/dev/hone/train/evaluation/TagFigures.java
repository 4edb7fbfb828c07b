package dev.hone.train.evaluation;

import dev.hone.train.metric.Average;
import dev.hone.train.metric.TagSpan;
import dev.hone.train.metric.SpanScores;
import java.util.ArrayList;
import java.util.List;

/** Figures of tagged words: of words, which all count the same whatever their row, and of the spans that tags make. */
final class TagFigures implements Figures {
  private final List<Prediction.OneTagging> all;
  private final SpanScores spans;
  private final SpanScores strict;

  TagFigures(List<Prediction.OneTagging> rows) {
    all = rows;
    spans = spans(rows);
    strict = SpanScores.of(rows.stream().map(row -> TagSpan.strict(row.truth())).toList(),
        rows.stream().map(row -> TagSpan.strict(row.predicted())).toList());
  }

  static SpanScores spans(List<Prediction.OneTagging> rows) {
    return SpanScores.of(rows.stream().map(row -> TagSpan.of(row.truth())).toList(),
        rows.stream().map(row -> TagSpan.of(row.predicted())).toList());
  }

  @Override
  public List<String> names() {
    return List.of("loss", "word_accuracy", "micro_precision", "micro_recall", "micro_f1", "macro_precision", "macro_recall",
        "macro_f1", "weighted_precision", "weighted_recall", "weighted_f1", "strict_f1");
  }

  @Override
  public double[] of(int[] rows) {
    List<Double> values = new ArrayList<>();
    double loss = 0;
    long words = 0;
    long right = 0;
    for (int row : rows) {
      Prediction.OneTagging tagging = all.get(row);
      loss += tagging.loss() * tagging.truth().size();
      words += tagging.truth().size();
      right += tagging.rightWords();
    }
    values.add(words == 0 ? Double.NaN : loss / words);
    values.add(words == 0 ? Double.NaN : right / (double) words);
    for (Average average : Average.values()) {
      ClassFigures.add(spans.scores(average, rows), values);
    }
    values.add(strict.scores(Average.MICRO, rows).f1());
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
