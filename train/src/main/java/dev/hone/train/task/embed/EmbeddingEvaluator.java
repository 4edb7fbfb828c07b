package dev.hone.train.task.embed;

import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.VectorSearch;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.RankedList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Measures embedding models on rows: those with scores by the order of their cosines, all others by search: anchors are
 * queries, and
 * what any row compares with or rejects is searched. Rows that all have negatives can also be measured as triplets.
 *
 * @param bootstrap draws for intervals
 * @param queryPrompt name of the model's prompt before anchors, or null
 * @param documentPrompt name of that before all other texts, or null
 */
public record EmbeddingEvaluator(Bootstrap bootstrap, String queryPrompt, String documentPrompt) {
  /** Measures with the prompts {@code query} and {@code document} or {@code passage} of a model, if it has them; 1,000 draws. */
  public static EmbeddingEvaluator of(TextEmbedder embedder) {
    return new EmbeddingEvaluator(Bootstrap.USUAL, EmbeddingEncoder.query(embedder.prompts()),
        EmbeddingEncoder.document(embedder.prompts()));
  }

  /** With other draws. */
  public EmbeddingEvaluator with(Bootstrap draws) {
    return new EmbeddingEvaluator(draws, queryPrompt, documentPrompt);
  }

  /** What rows are measured by. */
  public EmbeddingEvaluation evaluate(TextEmbedder embedder, Dataset<Example.Related> data) {
    Dataset<Example.Related> rows = data.row(0).label() != null ? EmbeddingTuning.paired(data) : data;
    return Double.isNaN(rows.row(0).score()) ? retrieval(embedder, rows) : similarity(embedder, rows);
  }

  private EmbeddingEvaluation similarity(TextEmbedder embedder, Dataset<Example.Related> rows) {
    List<float[]> first = embed(embedder, rows.map(row -> row.texts().get(0)), null);
    List<float[]> second = embed(embedder, rows.map(row -> row.texts().get(1)), null);
    double[] cosines = new double[rows.size()];
    double[] scores = new double[rows.size()];
    for (int i = 0; i < cosines.length; i++) {
      cosines[i] = TextEmbedder.cosine(first.get(i), second.get(i));
      scores[i] = rows.row(i).score();
    }
    return EmbeddingEvaluation.similarity(scores, cosines, bootstrap);
  }

  /** Search among all that rows compare with or reject. */
  public EmbeddingEvaluation retrieval(TextEmbedder embedder, Dataset<Example.Related> rows) {
    Map<String, Set<Integer>> relevant = new LinkedHashMap<>(); // documents by query
    Map<String, Integer> documents = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      List<String> texts = rows.row(i).texts();
      texts.subList(1, texts.size()).forEach(text -> documents.computeIfAbsent(text, _ -> documents.size()));
      relevant.computeIfAbsent(texts.getFirst(), _ -> new HashSet<>()).add(documents.get(texts.get(1)));
    }
    List<float[]> found = embed(embedder, List.copyOf(documents.keySet()), documentPrompt);
    List<float[]> queries = embed(embedder, List.copyOf(relevant.keySet()), queryPrompt);
    VectorSearch search = new VectorSearch(found);
    List<boolean[]> rankings = new ArrayList<>();
    int[] counts = relevant.values().stream().mapToInt(Set::size).toArray();
    List<Set<Integer>> wanted = List.copyOf(relevant.values());
    List<List<VectorSearch.Hit>> results = search.nearest(queries, RankedList.depth());
    for (int q = 0; q < counts.length; q++) {
      boolean[] hits = new boolean[results.get(q).size()];
      for (int i = 0; i < hits.length; i++) {
        hits[i] = wanted.get(q).contains(results.get(q).get(i).document());
      }
      rankings.add(hits);
    }
    return EmbeddingEvaluation.retrieval(rankings, counts, documents.size(), bootstrap);
  }

  /** Whether what belongs to an anchor is nearer than all that does not. */
  public EmbeddingEvaluation triplets(TextEmbedder embedder, Dataset<Example.Related> rows) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      if (rows.row(i).texts().size() < 3) {
        throw new DataException(rows.source(), rows.line(i), "the row has no negative; triplets need one in every row");
      }
      texts.addAll(rows.row(i).texts().subList(1, rows.row(i).texts().size()));
    }
    List<float[]> anchors = embed(embedder, rows.map(row -> row.texts().getFirst()), queryPrompt);
    List<float[]> others = embed(embedder, texts, documentPrompt);
    double[] near = new double[rows.size()];
    double[] far = new double[rows.size()];
    int at = 0;
    for (int i = 0; i < near.length; i++) {
      near[i] = TextEmbedder.cosine(anchors.get(i), others.get(at++));
      far[i] = Double.NEGATIVE_INFINITY;
      for (int t = 2; t < rows.row(i).texts().size(); t++) {
        far[i] = Math.max(far[i], TextEmbedder.cosine(anchors.get(i), others.get(at++)));
      }
    }
    return EmbeddingEvaluation.triplets(near, far, bootstrap);
  }

  static List<float[]> embed(TextEmbedder embedder, List<String> texts, String prompt) {
    return prompt == null ? embedder.embed(texts) : embedder.embed(texts, prompt);
  }
}
