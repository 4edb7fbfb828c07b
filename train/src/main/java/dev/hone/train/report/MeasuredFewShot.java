package dev.hone.train.report;

import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Evaluator;
import dev.hone.train.evaluation.Figure;
import dev.hone.train.infer.FewShotClassifier;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.fewshot.FewShotTuning;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A few-shot classifier. As it was before training it is a probe: the same head on frozen vectors.
 *
 * @param training rows that the head is fitted to
 * @param rows to measure on, or null
 */
record MeasuredFewShot(FewShotTuning tuning, Dataset<Example.Labelled> training, Dataset<Example.Labelled> rows)
    implements Measured {
  private static final int MAX_ROWS = 2000;
  private static final int ANSWERS = 8;

  private Dataset<Example.Labelled> bounded() {
    return rows.select(Measured.spread(rows.size(), MAX_ROWS));
  }

  @Override
  public Evaluation evaluate() {
    return Evaluator.USUAL.evaluate(tuning.fitHead(training), bounded());
  }

  @Override
  public List<String> labels() {
    return tuning.labels().names();
  }

  @Override
  public String standing() {
    if (rows == null) {
      return null;
    }
    StringBuilder words = new StringBuilder("a head on frozen vectors: ").append(accuracy(training));
    int most = most();
    for (int n = 4; n < most; n *= 2) {
      words.append("; of ").append(n).append(" texts a class ").append(accuracy(first(n)));
    }
    return words.toString();
  }

  private String accuracy(Dataset<Example.Labelled> fitted) {
    Figure figure = Evaluator.USUAL.evaluate(tuning.fitHead(fitted), bounded()).figure("accuracy");
    return String.format(Locale.ROOT, "accuracy %.4f (%.4f to %.4f)", figure.value(), figure.low(), figure.high());
  }

  /** Rows of the largest class. */
  private int most() {
    Map<String, Integer> counts = new HashMap<>();
    training.rows().forEach(row -> counts.merge(row.label(), 1, Integer::sum));
    return counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  /** The first rows of each class. */
  private Dataset<Example.Labelled> first(int n) {
    Map<String, Integer> counts = new HashMap<>();
    return training.select(IntStream.range(0, training.size())
        .filter(i -> counts.merge(training.row(i).label(), 1, Integer::sum) <= n).toArray());
  }

  @Override
  public List<String> column(String name) {
    return bounded().column(name);
  }

  @Override
  public List<Answer> answers() {
    Dataset<Example.Labelled> shown = rows == null ? training : rows;
    int[] chosen = Measured.spread(shown.size(), ANSWERS);
    FewShotClassifier classifier = tuning.fitHead(training);
    List<TextClassifier.Prediction> found = classifier.predict(Arrays.stream(chosen).mapToObj(i -> shown.row(i).text()).toList());
    return IntStream.range(0, chosen.length).mapToObj(i -> new Answer(shown.row(chosen[i]).text(), shown.row(chosen[i]).label(),
        String.format(Locale.ROOT, "%s (%.2f)", found.get(i).label(), found.get(i).probability()))).toList();
  }
}
