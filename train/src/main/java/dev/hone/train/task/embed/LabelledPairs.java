package dev.hone.train.task.embed;

import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Pairs of labelled texts: each text with one of its class and with one of another, as far as there are any. A function of the
 * labels
 * and the seed.
 */
final class LabelledPairs {
  /** Names the stream of random numbers that chooses partners. */
  private static final long PARTNERS = 0x706172746E657273L;

  /**
   * A pair.
   *
   * @param first text, by number
   * @param second text, by number
   * @param same whether both have one label
   */
  record Pair(int first, int second, boolean same) {}

  private LabelledPairs() {}

  /** The pairs of texts with these labels. */
  static List<Pair> of(List<String> labels, long seed) {
    Map<String, List<Integer>> classes = new LinkedHashMap<>();
    for (int i = 0; i < labels.size(); i++) {
      classes.computeIfAbsent(labels.get(i), _ -> new ArrayList<>()).add(i);
    }
    List<Integer> all = classes.values().stream().flatMap(List::stream).toList(); // class by class
    Map<String, Integer> starts = new LinkedHashMap<>();
    int start = 0;
    for (Map.Entry<String, List<Integer>> each : classes.entrySet()) {
      starts.put(each.getKey(), start);
      start += each.getValue().size();
    }
    Philox random = new Philox(seed, Philox.stream(PARTNERS));
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      List<Integer> own = classes.get(labels.get(i));
      if (own.size() > 1) {
        int at = own.indexOf(i);
        int other = random.below(2L * i, own.size() - 1);
        pairs.add(new Pair(i, own.get(other >= at ? other + 1 : other), true));
      }
      if (own.size() < all.size()) {
        int other = random.below(2L * i + 1, all.size() - own.size());
        pairs.add(new Pair(i, all.get(other >= starts.get(labels.get(i)) ? other + own.size() : other), false));
      }
    }
    return pairs;
  }
}
