package dev.hone.train.report;

import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.VectorSearch;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.task.embed.EmbeddingEvaluation;
import dev.hone.train.task.embed.EmbeddingTuning;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * An embedding model. Its figures are those of a search or of cosines, with what they were before training beside them.
 *
 * @param shown rows to show
 * @param rows to measure on, or null
 */
record MeasuredEmbedder(EmbeddingTuning tuning, Dataset<Example.Related> shown, Dataset<Example.Related> rows)
    implements Measured {
  private static final int MAX_ROWS = 500;
  private static final int ANSWERS = 5;

  @Override
  public Evaluation evaluate() {
    return null; // figures of single rows, which a search does not have
  }

  @Override
  public EmbeddingEvaluation vectors() {
    return rows == null ? null : tuning.evaluator(Bootstrap.USUAL, rows)
        .evaluate(tuning.embedder(), rows.select(Measured.spread(rows.size(), MAX_ROWS)));
  }

  @Override
  public List<String> column(String name) {
    return List.of();
  }

  @Override
  public List<Answer> answers() {
    TextEmbedder embedder = tuning.embedder();
    int[] chosen = Measured.spread(shown.size(), ANSWERS);
    if (shown.row(0).label() != null || !Double.isNaN(shown.row(0).score())) {
      return Arrays.stream(chosen).mapToObj(i -> {
        List<String> texts = shown.row(i).texts();
        String other = texts.size() > 1 ? texts.get(1) : shown.row((i + 1) % shown.size()).texts().getFirst();
        double cosine = TextEmbedder.cosine(embedder.embed(texts.getFirst()), embedder.embed(other));
        return new Answer(texts.getFirst() + " | " + other, texts.size() > 1 ? Double.toString(shown.row(i).score()) : "",
            String.format(Locale.ROOT, "%.3f", cosine));
      }).toList();
    }
    List<Example.Related> some = Arrays.stream(Measured.spread(shown.size(), MAX_ROWS)).mapToObj(shown::row).toList();
    VectorSearch search = new VectorSearch(embedder.embed(some.stream().map(row -> row.texts().get(1)).toList()));
    return Arrays.stream(chosen).mapToObj(i -> {
      int nearest = search.nearest(List.of(embedder.embed(shown.row(i).texts().getFirst())), 1).getFirst().getFirst().document();
      return new Answer(shown.row(i).texts().getFirst(), shown.row(i).texts().get(1), some.get(nearest).texts().get(1));
    }).toList();
  }
}
