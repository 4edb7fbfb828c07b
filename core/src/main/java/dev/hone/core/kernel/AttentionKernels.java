package dev.hone.core.kernel;

import dev.hone.core.AttentionSpec;
import dev.hone.core.Tensor;

/** Scaled dot-product attention over ragged sequences, and rotary position embedding. */
public interface AttentionKernels {
  /**
   * out = softmax(q · kᵀ · scale) · v per sequence and head.
   *
   * @param q [N, H · D]
   * @param k [keys, G · D]
   * @param v [keys, G · D]
   * @param out [N, H · D]
   * @param logSumExp [H, N], the log of each softmax's denominator, for the backward pass; null if there is none
   */
  void forward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp);

  /**
   * Attention to keys and values that lie in pages, without gradients.
   *
   * @param spec its key offsets say how many keys each sequence has
   */
  void forward(AttentionSpec spec, Columns q, KeyPages pages, Columns out);

  /**
   * Puts rows of keys or values where pages have them: {@code target[rows[i]] = source[i]}.
   *
   * @param source [N, G · D]
   * @param rows N different rows of the target
   * @param target [rows, G · D]
   */
  void store(Columns source, int[] rows, Tensor target);

  /** Gradients by q, k and v, which are overwritten; {@code out} and {@code logSumExp} are those of the forward pass. */
  void backward(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp, Columns dOut, Columns dq,
      Columns dk, Columns dv);

  /**
   * Rotates pairs of every head of every row: (a, b) -> (a · cos - b · sin, b · cos + a · sin).
   *
   * @param x [N, heads · D]; the first {@code 2 · cos.columns} numbers of a head turn, the rest is copied
   * @param headDim D
   * @param cos [P, rotary / 2], by position
   * @param sin [P, rotary / 2]
   * @param positions of the N rows
   * @param neighbours whether the pairs are (2 · i, 2 · i + 1), not (i, i + rotary / 2)
   * @param inverse turns backwards: the gradient
   * @param y like x; may be x
   */
  void rotate(Columns x, int headDim, Tensor cos, Tensor sin, int[] positions, boolean neighbours, boolean inverse, Columns y);
}
