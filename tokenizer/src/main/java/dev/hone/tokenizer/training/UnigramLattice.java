package dev.hone.tokenizer.training;

import dev.hone.tokenizer.lookup.CharTrie;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * All ways to cut a word into pieces of a {@link UnigramLearner}: the best one, and how often each piece is expected in a random
 * one. A place is a position between characters; a node is a piece from one place to another. For one thread.
 */
final class UnigramLattice {
  private static final double UNKNOWN_PENALTY = 10;
  private static final double NEGLIGIBLE = 50; // a term smaller by e^50 does not change a sum in double precision

  private final CharTrie trie;
  private final double[] scores; // by id
  private final int unknown;
  private final double unknownScore;

  private int length; // of the word, in chars
  private int nodes;
  private int[] begins = new int[256];
  private int[] ends = new int[256];
  private int[] ids = new int[256];
  private double[] nodeScores = new double[256];
  private double[] forward = new double[64];
  private double[] backward = new double[64];
  private int[] last = new int[64]; // node that ends the best way to a place

  /**
   * A lattice for pieces.
   *
   * @param unknown id of a character that no piece begins with
   */
  UnigramLattice(CharTrie trie, double[] scores, int unknown) {
    this.trie = trie;
    this.scores = scores;
    this.unknown = unknown;
    double least = Double.POSITIVE_INFINITY;
    for (double score : scores) {
      least = score < least ? score : least; // the unknown one's is not a number
    }
    this.unknownScore = least - UNKNOWN_PENALTY;
  }

  /** Fills it with the nodes of a word, by where they begin and then by length. */
  UnigramLattice fill(char[] text, int from, int to) {
    length = to - from;
    nodes = 0;
    if (forward.length <= length) {
      forward = new double[2 * length + 1];
      backward = new double[forward.length];
      last = new int[forward.length];
    }
    for (int start = from; start < to; ) {
      int width = Character.charCount(Character.codePointAt(text, start, to));
      boolean single = false;
      int node = CharTrie.ROOT;
      for (int i = start; i < to && (node = trie.step(node, text[i])) != CharTrie.NONE; i++) {
        int id = trie.id(node);
        if (id != CharTrie.NONE) {
          add(start - from, i + 1 - from, id, scores[id]);
          single |= i + 1 - start == width;
        }
      }
      if (!single) {
        add(start - from, start + width - from, unknown, unknownScore);
      }
      start += width;
    }
    return this;
  }

  private void add(int begin, int end, int id, double score) {
    if (nodes == ids.length) {
      begins = Arrays.copyOf(begins, 2 * nodes);
      ends = Arrays.copyOf(ends, 2 * nodes);
      ids = Arrays.copyOf(ids, 2 * nodes);
      nodeScores = Arrays.copyOf(nodeScores, 2 * nodes);
    }
    begins[nodes] = begin;
    ends[nodes] = end;
    ids[nodes] = id;
    nodeScores[nodes++] = score;
  }

  /**
   * Adds how often each piece is expected among all ways to cut the word, each weighted with its probability.
   *
   * @param frequency of the word
   */
  void expect(double frequency, double[] expected) {
    Arrays.fill(forward, 0, length + 1, Double.NaN); // nothing yet
    Arrays.fill(backward, 0, length + 1, Double.NaN);
    forward[0] = 0;
    backward[length] = 0;
    for (int i = 0; i < nodes; i++) {
      forward[ends[i]] = logSum(forward[ends[i]], nodeScores[i] + forward[begins[i]]);
    }
    for (int place = length, i = nodes - 1; i >= 0; ) { // nodes of one place in rising order, places in falling order
      int first = i;
      while (first > 0 && begins[first - 1] == begins[i]) {
        first--;
      }
      place = begins[i];
      for (int j = first; j <= i; j++) {
        backward[place] = logSum(backward[place], nodeScores[j] + backward[ends[j]]);
      }
      i = first - 1;
    }
    for (int i = 0; i < nodes; i++) {
      expected[ids[i]] += frequency * Math.exp(forward[begins[i]] + nodeScores[i] + backward[ends[i]] - forward[length]);
    }
  }

  private static double logSum(double x, double y) {
    if (Double.isNaN(x)) {
      return y;
    }
    double least = Math.min(x, y);
    double most = Math.max(x, y);
    return most > least + NEGLIGIBLE ? most : most + Math.log(Math.exp(least - most) + 1);
  }

  /** Names the pieces of the best way, the last one first. */
  void best(IntConsumer piece) {
    walk(false);
    for (int place = length; place > 0; place = begins[last[place]]) {
      piece.accept(ids[last[place]]);
    }
  }

  /** The score of the best way of at least two pieces; negative infinity if there is none. Names its pieces if it is to. */
  double bestOfSeveral(IntConsumer piece) {
    walk(true);
    if (last[length] < 0) {
      return Double.NEGATIVE_INFINITY;
    }
    for (int place = length; place > 0; place = begins[last[place]]) {
      piece.accept(ids[last[place]]);
    }
    return forward[length];
  }

  private void walk(boolean several) {
    Arrays.fill(last, 0, length + 1, -1);
    forward[0] = 0;
    for (int i = 0; i < nodes; i++) {
      if (several && begins[i] == 0 && ends[i] == length || begins[i] > 0 && last[begins[i]] < 0) {
        continue;
      }
      double score = forward[begins[i]] + nodeScores[i];
      if (last[ends[i]] < 0 || score > forward[ends[i]]) {
        forward[ends[i]] = score;
        last[ends[i]] = i;
      }
    }
  }
}
