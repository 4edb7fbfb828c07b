package dev.hone.train.report;

import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.task.embed.EmbeddingEvaluation;
import dev.hone.train.task.rerank.RerankEvaluator;
import dev.hone.train.task.rerank.RerankTuning;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A reranker. Its figures are those of queries, with what they were before training beside them.
 *
 * @param shown rows to show
 * @param rows to measure on, or null
 */
record MeasuredReranker(RerankTuning tuning, Dataset<Example.Related> shown, Dataset<Example.Related> rows) implements Measured {
  private static final int MAX_ROWS = 500;
  private static final int ANSWERS = 8;

  @Override
  public Evaluation evaluate() {
    return null; // figures of single rows, which an order does not have
  }

  @Override
  public EmbeddingEvaluation vectors() {
    return rows == null ? null : new RerankEvaluator(Bootstrap.USUAL).evaluate(tuning.reranker(),
        rows.select(Measured.spread(rows.size(), MAX_ROWS)));
  }

  @Override
  public List<String> column(String name) {
    return List.of();
  }

  @Override
  public List<Answer> answers() {
    return Arrays.stream(Measured.spread(shown.size(), ANSWERS)).mapToObj(i -> {
      Example.Related row = shown.row(i);
      float logit = tuning.reranker().score(List.of(row.texts().subList(0, 2)))[0];
      return new Answer(row.texts().get(0) + " | " + row.texts().get(1), Double.isNaN(row.score()) ? "1" : Double.toString(
          row.score()),
          String.format(Locale.ROOT, "%.3f", 1 / (1 + Math.exp(-logit))));
    }).toList();
  }
}
