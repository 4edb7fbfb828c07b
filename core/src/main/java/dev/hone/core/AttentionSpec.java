package dev.hone.core;

import dev.hone.core.random.Philox;

/**
 * What attends to what. Sequence s has the queries {@code queryOffsets[s] .. queryOffsets[s+1]} and the keys
 * {@code keyOffsets[s] .. keyOffsets[s+1]}; the same array serves both in training. With more keys than queries (a
 * cache, a prefix) the last query stands at the last key.
 *
 * @param queryOffsets S + 1 bounds of the queries
 * @param keyOffsets S + 1 bounds of the keys
 * @param heads H
 * @param kvHeads G, a divisor of H; query head h reads key head h / (H / G)
 * @param headDim D
 * @param scale factor of the scores, usually 1 / √D
 * @param causal whether a query sees only keys up to its own position
 * @param window how far a query sees: keys at a distance below {@code window}; backwards if causal, both ways if not;
 *     {@link Integer#MAX_VALUE} for no limit
 * @param softCap scores become softCap · tanh(score / softCap); 0 for none
 * @param dropout share of the probabilities dropped, 0 for none. For head h, query n of the L of its sequence s and key j, the
 *     probability is dropped where {@code random(s).uniform(((long) h * L + n) << 24 | j)} is below it
 * @param random where dropout draws from; null if there is none
 * @param firstSequence the number of sequence 0 among those whose dropout is drawn apart
 * @param keyBias what is added to the scores, or null; not together with a soft cap
 */
public record AttentionSpec(int[] queryOffsets, int[] keyOffsets, int heads, int kvHeads, int headDim, float scale,
    boolean causal, int window, float softCap, float dropout, Philox random, long firstSequence, KeyBias keyBias) {
  public AttentionSpec {
    if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
      throw new IllegalArgumentException("attention: " + heads + " query heads are not a multiple of " + kvHeads
          + " key-value heads");
    }
    if (queryOffsets.length != keyOffsets.length) {
      throw new IllegalArgumentException("attention: " + (queryOffsets.length - 1) + " query sequences, "
          + (keyOffsets.length - 1) + " key sequences");
    }
    if (keyBias != null && softCap > 0) {
      throw new IllegalArgumentException("attention: a soft cap and a bias of the keys together are not computed");
    }
  }

  /** Without a bias of the keys. */
  public AttentionSpec(int[] queryOffsets, int[] keyOffsets, int heads, int kvHeads, int headDim, float scale, boolean causal,
      int window, float softCap, float dropout, Philox random) {
    this(queryOffsets, keyOffsets, heads, kvHeads, headDim, scale, causal, window, softCap, dropout, random, 0, null);
  }

  /** With sequences numbered from 0. */
  public AttentionSpec(int[] queryOffsets, int[] keyOffsets, int heads, int kvHeads, int headDim, float scale, boolean causal,
      int window, float softCap, float dropout, Philox random, KeyBias keyBias) {
    this(queryOffsets, keyOffsets, heads, kvHeads, headDim, scale, causal, window, softCap, dropout, random, 0, keyBias);
  }

  /** This attention between other runs of queries and keys. */
  public AttentionSpec between(int[] queries, int[] keys) {
    return new AttentionSpec(queries, keys, heads, kvHeads, headDim, scale, causal, window, softCap, dropout, random,
        firstSequence, keyBias);
  }

  /** With a bias of the keys. */
  public AttentionSpec withKeyBias(KeyBias bias) {
    return new AttentionSpec(queryOffsets, keyOffsets, heads, kvHeads, headDim, scale, causal, window, softCap, dropout, random,
        firstSequence, bias);
  }

  /** With dropout drawn by other numbers of the sequences: from {@code first} on. */
  public AttentionSpec withFirstSequence(long first) {
    return new AttentionSpec(queryOffsets, keyOffsets, heads, kvHeads, headDim, scale, causal, window, softCap, dropout, random,
        first, keyBias);
  }

  /** Where the dropout of a sequence draws from. */
  public Philox random(int sequence) {
    return random.substream(firstSequence + sequence);
  }

  /** Number of sequences. */
  public int sequences() {
    return queryOffsets.length - 1;
  }
}
