package dev.hone.train.metric;

import java.util.ArrayList;
import java.util.List;

/**
 * How well a search found what is relevant to one query, from its results in order. Definitions as in sentence-transformers: of
 * the first k results, {@code accuracy} is whether one is relevant, {@code precision} the share that is, {@code recall} the
 * share of
 * all relevant documents that is there; {@code mrr} is one over the place of the first relevant one, {@code ndcg} counts each by
 * 1 / log2(place + 1) beside the best order, {@code map} is the mean precision at the relevant ones.
 */
public final class RankedList {
  private static final int[] CUTS = {1, 3, 5, 10};
  private static final int PLACES = 10; // of ndcg and mrr
  private static final int DEEP = 100; // of map

  private RankedList() {}

  /** The names of the figures, in the order of {@link #of}. */
  public static List<String> names() {
    List<String> names = new ArrayList<>(List.of("ndcg@" + PLACES, "mrr@" + PLACES, "map@" + DEEP));
    for (String kind : List.of("accuracy", "precision", "recall")) {
      for (int cut : CUTS) {
        names.add(kind + "@" + cut);
      }
    }
    return names;
  }

  /** How many results are looked at. */
  public static int depth() {
    return DEEP;
  }

  /**
   * The figures of one query.
   *
   * @param hits whether each result is relevant, the best result first; those behind {@link #depth} are not looked at
   * @param relevant how many documents are relevant, 1 or more, found or not
   */
  public static double[] of(boolean[] hits, int relevant) {
    if (relevant < 1) {
      throw new IllegalArgumentException("RankedList: a query needs a relevant document, has " + relevant);
    }
    double[] figures = new double[3 + 3 * CUTS.length];
    double gain = 0;
    double precisions = 0;
    int found = 0;
    for (int place = 1; place <= Math.min(hits.length, DEEP); place++) {
      if (!hits[place - 1]) {
        continue;
      }
      found++;
      precisions += (double) found / place;
      if (place <= PLACES) {
        gain += 1 / log2(place + 1);
        figures[1] = found == 1 ? 1.0 / place : figures[1];
      }
      for (int c = 0; c < CUTS.length; c++) {
        if (place <= CUTS[c]) {
          figures[3 + c] = 1;
          figures[3 + CUTS.length + c] += 1.0 / CUTS[c];
          figures[3 + 2 * CUTS.length + c] += 1.0 / relevant;
        }
      }
    }
    double best = 0;
    for (int place = 1; place <= Math.min(relevant, PLACES); place++) {
      best += 1 / log2(place + 1);
    }
    figures[0] = gain / best;
    figures[2] = precisions / Math.min(relevant, DEEP);
    return figures;
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }
}
