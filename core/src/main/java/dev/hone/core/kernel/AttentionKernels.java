package dev.hone.core.kernel;

import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;

/** Scaled dot-product attention over ragged sequences, and rotary position embedding. */
public interface AttentionKernels {
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
   * @param dropout share of the probabilities dropped, 0 for none. For head h, query row n of N and key j of its sequence,
   *     the probability is dropped where {@code random.uniform(((long) h * N + n) << 24 | j)} is below it
   * @param random where dropout draws from; null if there is none
   */
  record Spec(int[] queryOffsets, int[] keyOffsets, int heads, int kvHeads, int headDim, float scale, boolean causal,
      int window, float softCap, float dropout, Philox random) {
    public Spec {
      if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
        throw new IllegalArgumentException("attention: " + heads + " query heads are not a multiple of " + kvHeads
            + " key-value heads");
      }
      if (queryOffsets.length != keyOffsets.length) {
        throw new IllegalArgumentException("attention: " + (queryOffsets.length - 1) + " query sequences, "
            + (keyOffsets.length - 1) + " key sequences");
      }
    }

    /** Number of sequences. */
    public int sequences() {
      return queryOffsets.length - 1;
    }
  }

  /**
   * out = softmax(q · kᵀ · scale) · v per sequence and head.
   *
   * @param q [N, H · D]
   * @param k [keys, G · D]
   * @param v [keys, G · D]
   * @param out [N, H · D]
   * @param logSumExp [H, N], the log of each softmax's denominator, for the backward pass; null if there is none
   */
  void forward(Spec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp);

  /** Gradients by q, k and v, which are overwritten; {@code out} and {@code logSumExp} are those of the forward pass. */
  void backward(Spec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp, Columns dOut, Columns dq,
      Columns dk, Columns dv);

  /**
   * Rotates pairs (i, i + rotary/2) of every head of every row: (a, b) -> (a · cos - b · sin, b · cos + a · sin).
   *
   * @param x [N, heads · D]; the first {@code 2 · cos.columns} numbers of a head turn, the rest is copied
   * @param headDim D
   * @param cos [P, rotary / 2], by position
   * @param sin [P, rotary / 2]
   * @param positions of the N rows
   * @param inverse turns backwards: the gradient
   * @param y like x; may be x
   */
  void rotate(Columns x, int headDim, Tensor cos, Tensor sin, int[] positions, boolean inverse, Columns y);
}
