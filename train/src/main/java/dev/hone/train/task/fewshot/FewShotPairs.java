package dev.hone.train.task.fewshot;

import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * Pairs of labelled texts as SetFit makes them: all combinations, a text with itself included, of which the fewer kind (same
 * label or
 * not) is repeated from its start until both are equally many; alternately, those with one label first.
 */
final class FewShotPairs {
  /** Names the stream of random numbers that chooses pairs where there are too many. */
  private static final long STREAM = 0x7061697273L;

  /**
   * A pair.
   *
   * @param first text, by number
   * @param second text, by number
   * @param same whether both have one label
   */
  record Pair(int first, int second, boolean same) {}

  private FewShotPairs() {}

  /** All pairs of texts with these labels. */
  static List<Pair> of(int[] labels) {
    List<Pair> same = new ArrayList<>();
    List<Pair> other = new ArrayList<>();
    for (int i = 0; i < labels.length; i++) {
      for (int j = i; j < labels.length; j++) {
        (labels[i] == labels[j] ? same : other).add(new Pair(i, j, labels[i] == labels[j]));
      }
    }
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < Math.max(same.size(), other.size()); i++) {
      if (!same.isEmpty()) {
        pairs.add(same.get(i % same.size()));
      }
      if (!other.isEmpty()) {
        pairs.add(other.get(i % other.size()));
      }
    }
    return pairs;
  }

  /**
   * At most so many of these pairs, equally many of each kind as before: a function of the seed.
   *
   * @param pairs alternating
   */
  static List<Pair> some(List<Pair> pairs, int most, long seed) {
    if (pairs.size() <= most) {
      return pairs;
    }
    List<Pair> chosen = new ArrayList<>();
    int[] order = new Philox(seed, Philox.stream(STREAM)).permutation(pairs.size() / 2);
    for (int i = 0; i < most / 2; i++) {
      chosen.add(pairs.get(2 * order[i]));
      chosen.add(pairs.get(2 * order[i] + 1));
    }
    return chosen;
  }
}
