package dev.hone.train.task.rerank;

import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextReranker;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.Ranking;
import dev.hone.train.task.embed.EmbeddingEvaluation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Measures rerankers on queries that have documents that fit and documents that do not, as sentence-transformers does: mean
 * average
 * precision over all, NDCG and the place of the first that fits over the first ten. Equal scores share their places in the
 * first two.
 *
 * @param bootstrap draws for intervals, of queries
 */
public record RerankEvaluator(Bootstrap bootstrap) {
  private static final int PLACES = 10;

  /** The names of the figures. */
  public static List<String> names() {
    return List.of("map", "ndcg@" + PLACES, "mrr@" + PLACES);
  }

  /**
   * A reranker on rows. Documents with a score of at least 0.5 fit. Queries without a document that fits, or without one that
   * does not,
   * are left out.
   */
  public EmbeddingEvaluation evaluate(TextReranker reranker, Dataset<Example.Related> rows) {
    RerankTuning.Pairs pairs = RerankTuning.Pairs.of(rows);
    float[] scores = reranker.score(pairs.texts());
    Map<String, List<Integer>> queries = new LinkedHashMap<>();
    for (int i = 0; i < scores.length; i++) {
      queries.computeIfAbsent(pairs.texts().get(i).getFirst(), _ -> new ArrayList<>()).add(i);
    }
    List<double[]> each = new ArrayList<>();
    int documents = 0;
    for (List<Integer> some : queries.values()) {
      boolean[] fits = new boolean[some.size()];
      int count = 0;
      for (int i = 0; i < fits.length; i++) {
        fits[i] = pairs.targets()[some.get(i)] >= 0.5f;
        count += fits[i] ? 1 : 0;
      }
      if (count > 0 && count < fits.length) {
        each.add(figures(fits, some.stream().mapToDouble(i -> scores[i]).toArray()));
        documents += fits.length;
      }
    }
    if (each.isEmpty()) {
      throw new IllegalArgumentException("evaluate: no query has both a document that fits and one that does not");
    }
    return EmbeddingEvaluation.reranking(names(), each, documents, bootstrap);
  }

  /** The figures of one query. */
  static double[] figures(boolean[] fits, double[] scores) {
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(scores[b], scores[a])); // stable
    int first = IntStream.range(0, order.length).filter(place -> fits[order[place]]).findFirst().orElse(PLACES);
    double precision = Ranking.averagePrecision(fits, scores);
    return new double[] {Double.isNaN(precision) ? 0 : precision, gain(fits, scores, order), first < PLACES ? 1.0 / (first + 1)
        : 0};
  }

  /** NDCG of the first places; documents with equal scores share the mean of what they bring. */
  private static double gain(boolean[] fits, double[] scores, Integer[] order) {
    double gain = 0;
    for (int from = 0, to; from < order.length; from = to) {
      double brings = 0;
      double places = 0;
      for (to = from; to < order.length && scores[order[to]] == scores[order[from]]; to++) {
        brings += fits[order[to]] ? 1 : 0;
        places += discount(to);
      }
      gain += brings / (to - from) * places;
    }
    double best = 0;
    int place = 0;
    for (boolean fit : fits) {
      best += fit ? discount(place++) : 0;
    }
    return best == 0 ? 0 : gain / best;
  }

  private static double discount(int place) {
    return place < PLACES ? Math.log(2) / Math.log(place + 2) : 0;
  }
}
