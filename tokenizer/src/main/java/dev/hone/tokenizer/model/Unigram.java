package dev.hone.tokenizer.model;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.lookup.CharTrie;
import dev.hone.tokenizer.lookup.Vocabulary;
import dev.hone.tokenizer.tokens.TokenBuffer;
import java.util.Arrays;

/**
 * The segmentation of highest probability: every token has a log probability, a word is cut so that the
 * sum is largest (Viterbi, from left to right). Characters no token begins with are unknown at a
 * penalty; unknown ones in a row are one token.
 */
public final class Unigram implements Model {
  private static final double UNKNOWN_PENALTY = 10.0;

  private final Vocabulary vocabulary;
  private final double[] scores;
  private final int unknownId;
  private final int[] byteIds;
  private final double unknownScore;
  private final boolean singlePrecision;
  private final CharTrie trie = new CharTrie();

  /**
   * A model.
   *
   * @param scores log probability by id
   * @param unknownId id of unknown characters, -1 if there is none
   * @param byteFallback whether unknown characters become their bytes
   * @param singlePrecision whether scores are added in 32 bits, as in SentencePiece: which of two equal ways wins depends on it
   */
  public Unigram(Vocabulary vocabulary, double[] scores, int unknownId, boolean byteFallback, boolean singlePrecision) {
    this.singlePrecision = singlePrecision;
    this.vocabulary = vocabulary;
    this.scores = scores.clone();
    this.unknownId = unknownId;
    this.byteIds = byteFallback ? ByteTokens.ids(vocabulary) : null;
    this.unknownScore = Arrays.stream(scores).min().orElse(0) - UNKNOWN_PENALTY;
    for (int id = 0; id < vocabulary.size(); id++) {
      String token = vocabulary.token(id);
      if (token != null && !token.isEmpty()) {
        trie.put(token, 0, id);
      }
    }
    if (unknownId >= vocabulary.size()) {
      throw new TokenizerException("Unigram: unk_id is " + unknownId + ", but there are only " + vocabulary.size() + " tokens");
    }
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public int surfaceId() {
    return unknownId;
  }

  @Override
  public void tokenize(char[] text, int from, int to, Workbench bench, TokenBuffer out) {
    Lattice best = bench.lattice();
    fill(text, from, to, best);
    // Backwards first, then the token list is turned around.
    int n = to - from;
    int mark = out.count;
    for (int end = n; end > 0; ) {
      int start = best.starts[end];
      int id = best.ids[end];
      if (id == unknownId) {
        while (start > 0 && best.ids[start] == unknownId) {
          start = best.starts[start];
        }
        unknown(text, from + start, from + end, out);
      } else {
        out.add(id, from + start, from + end);
      }
      end = start;
    }
    out.reverse(mark);
  }

  private void fill(char[] text, int from, int to, Lattice best) {
    int n = to - from;
    best.reset(n);
    double[] score = best.scores;
    for (int start = 0; start < n; ) {
      double here = score[start];
      int width = Character.isHighSurrogate(text[from + start]) && from + start + 1 < to ? 2 : 1;
      boolean single = false;
      int node = CharTrie.ROOT;
      for (int i = from + start; i < to; i++) {
        node = trie.step(node, text[i]);
        if (node == CharTrie.NONE) {
          break;
        }
        int id = trie.id(node);
        if (id == CharTrie.NONE) {
          continue;
        }
        int end = i + 1 - from;
        best.offer(end, start, id, sum(here, scores[id]));
        single |= end - start == width;
      }
      if (!single) {
        if (unknownId < 0) {
          throw new TokenizerException("Unigram: no token for \"" + new String(text, from + start, width)
              + "\" and the model has no unknown token");
        }
        best.offer(start + width, start, unknownId, sum(here, unknownScore));
      }
      start += width;
    }
  }

  private double sum(double a, double b) {
    return singlePrecision ? (float) a + (float) b : a + b;
  }

  /** A run of unknown characters: perhaps a token after all, or its bytes, or unknown. Backwards. */
  private void unknown(char[] text, int from, int to, TokenBuffer out) {
    int id = vocabulary.id(text, from, to);
    if (id != Vocabulary.UNKNOWN) {
      out.add(id, from, to);
    } else if (byteIds != null && ByteTokens.known(byteIds, null, text, from, to)) {
      int mark = out.count;
      ByteTokens.forEach(text, from, to, b -> out.add(byteIds[b], from, to));
      out.reverse(mark);
    } else {
      out.add(unknownId, from, to);
    }
  }

  /** The best way to reach each position: from where, with which token, at which score. */
  static final class Lattice {
    private static final int KEEP = 1 << 14;

    private double[] scores = new double[64];
    private int[] starts = new int[64];
    private int[] ids = new int[64];

    private void reset(int n) {
      if (scores.length <= n) {
        int size = Math.max(n + 1, 2 * scores.length);
        scores = new double[size];
        starts = new int[size];
        ids = new int[size];
      }
      Arrays.fill(starts, 0, n + 1, -1);
      scores[0] = 0;
    }

    private void offer(int end, int start, int id, double score) {
      if (starts[end] >= 0 && !(score > scores[end])) {
        return;
      }
      scores[end] = score;
      starts[end] = start;
      ids[end] = id;
    }

    void shrink() {
      if (scores.length <= KEEP) {
        return;
      }
      scores = new double[64];
      starts = new int[64];
      ids = new int[64];
    }
  }
}
