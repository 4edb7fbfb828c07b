package dev.hone.train.infer;

import dev.hone.autograd.GradMode;
import dev.hone.autograd.SimilarityOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Finds the vectors with the largest cosines, by comparing with all of them.
 *
 * {@snippet :
 * VectorSearch search = new VectorSearch(embedder.embed(documents));
 * List<VectorSearch.Hit> best = search.nearest(List.of(embedder.embed("Where is my parcel?")), 10).getFirst();
 * }
 */
public final class VectorSearch {
  private static final int BLOCK = 128; // queries at a time

  /**
   * A result.
   *
   * @param document its number
   * @param cosine of its vector and the query's
   */
  public record Hit(int document, double cosine) {}

  private final Tensor documents;

  /** A search among these vectors, all of the same length, at least one. */
  public VectorSearch(List<float[]> vectors) {
    documents = matrix(vectors);
  }

  private static Tensor matrix(List<float[]> vectors) {
    if (vectors.isEmpty()) {
      throw new IllegalArgumentException("VectorSearch: there are no vectors");
    }
    int width = vectors.getFirst().length;
    float[] all = new float[Math.multiplyExact(vectors.size(), width)];
    for (int i = 0; i < vectors.size(); i++) {
      if (vectors.get(i).length != width) {
        throw new IllegalArgumentException("VectorSearch: vector " + i + " has " + vectors.get(i).length + " numbers, the first "
            + width);
      }
      System.arraycopy(vectors.get(i), 0, all, i * width, width);
    }
    return Tensor.of(all, vectors.size(), width);
  }

  /**
   * The nearest of each query, the nearest first; of equal ones the first.
   *
   * @param most results of a query
   */
  public List<List<Hit>> nearest(List<float[]> queries, int most) {
    List<List<Hit>> all = new ArrayList<>();
    for (int from = 0; from < queries.size(); from += BLOCK) {
      List<float[]> some = queries.subList(from, Math.min(queries.size(), from + BLOCK));
      int count = documents.dim(0);
      float[] cosines;
      try (GradMode _ = GradMode.disabled(); Turn _ = Turn.take(); Scope _ = Scope.open()) {
        cosines = SimilarityOps.cosines(Variable.constant(matrix(some)), Variable.constant(documents)).value().toFloatArray();
      }
      for (int q = 0; q < some.size(); q++) {
        all.add(best(cosines, q * count, count, most));
      }
    }
    return all;
  }

  private static List<Hit> best(float[] cosines, int from, int count, int most) {
    PriorityQueue<Integer> kept = new PriorityQueue<>((a, b) -> cosines[from + a] != cosines[from + b]
        ? Float.compare(cosines[from + a], cosines[from + b]) : Integer.compare(b, a)); // the worst first
    for (int document = 0; document < count; document++) {
      if (kept.size() < most) {
        kept.add(document);
      } else if (most > 0 && cosines[from + document] > cosines[from + kept.peek()]) {
        kept.poll();
        kept.add(document);
      }
    }
    List<Hit> hits = new ArrayList<>();
    while (!kept.isEmpty()) {
      int document = kept.poll();
      hits.addFirst(new Hit(document, cosines[from + document]));
    }
    return hits;
  }
}
