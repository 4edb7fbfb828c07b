package dev.hone.train.task.embed;

import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.VectorSearch;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds hard negatives: texts that a model puts near an anchor, and that no row says belong to it.
 *
 * @param negatives to be found for each row
 * @param skip how many of the nearest candidates are left out
 * @param maxRatio candidates are left out whose cosine is above this share of the positive's: they may well be right
 */
public record NegativeMiner(int negatives, int skip, double maxRatio) {
  /** Checks the numbers. */
  public NegativeMiner {
    if (negatives < 1 || skip < 0 || !(maxRatio > 0)) {
      throw new IllegalArgumentException("negatives must be 1 or more, skip 0 or more and max_ratio above 0; are " + negatives
          + ", "
          + skip + " and " + maxRatio);
    }
  }

  /**
   * What was found.
   *
   * @param rows with their negatives, the nearest first, behind those that they had
   * @param negatives how many were found
   * @param fewer how many rows got fewer than asked for
   * @param cosine mean cosine of what was found and its anchor
   * @param positiveCosine mean cosine of the positives and their anchors
   */
  public record Mined(List<Example.Related> rows, int negatives, int fewer, double cosine, double positiveCosine) {}

  /**
   * Searches.
   *
   * @param rows anchors and positives
   * @param corpus further texts that negatives may be
   */
  public Mined mine(TextEmbedder embedder, Dataset<Example.Related> rows, List<String> corpus) {
    Set<String> documents = new LinkedHashSet<>();
    Map<String, Set<String>> right = new LinkedHashMap<>(); // texts that belong to an anchor, by anchor
    for (Example.Related row : rows.rows()) {
      documents.addAll(row.texts().subList(1, row.texts().size()));
      right.computeIfAbsent(row.texts().getFirst(), _ -> new HashSet<>()).add(row.texts().get(1));
    }
    documents.addAll(corpus);
    List<String> texts = List.copyOf(documents);
    Map<String, Integer> numbers = new LinkedHashMap<>();
    texts.forEach(text -> numbers.put(text, numbers.size()));
    EmbeddingEvaluator prompts = EmbeddingEvaluator.of(embedder);
    List<float[]> vectors = EmbeddingEvaluator.embed(embedder, texts, prompts.documentPrompt());
    List<String> anchors = List.copyOf(right.keySet());
    Map<String, Integer> anchorNumbers = new LinkedHashMap<>();
    anchors.forEach(anchor -> anchorNumbers.put(anchor, anchorNumbers.size()));
    List<float[]> queries = EmbeddingEvaluator.embed(embedder, anchors, prompts.queryPrompt());
    int most = right.values().stream().mapToInt(Set::size).max().orElse(0);
    List<List<VectorSearch.Hit>> nearest = new VectorSearch(vectors).nearest(queries,
        Math.min(texts.size(), 8 * (negatives + skip) + most + 100));
    List<Example.Related> mined = new ArrayList<>();
    int found = 0;
    int fewer = 0;
    double cosines = 0;
    double positives = 0;
    for (Example.Related row : rows.rows()) {
      int anchor = anchorNumbers.get(row.texts().getFirst());
      double near = TextEmbedder.cosine(queries.get(anchor), vectors.get(numbers.get(row.texts().get(1))));
      List<String> all = new ArrayList<>(row.texts());
      int passed = 0;
      int own = 0;
      for (VectorSearch.Hit hit : nearest.get(anchor)) {
        String text = texts.get(hit.document());
        if (own == negatives || right.get(row.texts().getFirst()).contains(text) || text.equals(row.texts().getFirst())
            || row.texts().contains(text) || hit.cosine() > maxRatio * near) {
          continue;
        }
        if (passed++ >= skip) {
          all.add(text);
          own++;
          cosines += hit.cosine();
        }
      }
      found += own;
      fewer += own < negatives ? 1 : 0;
      positives += near;
      mined.add(new Example.Related(all, Double.NaN, null));
    }
    return new Mined(mined, found, fewer, cosines / Math.max(1, found), positives / Math.max(1, rows.size()));
  }
}
