package dev.hone.core.kernel.loops;

import dev.hone.core.DType;
import java.lang.foreign.MemorySegment;

/**
 * Loops over weights whose outputs lie interleaved: a lane is an output. Every sum runs over k in order and goes on from what is
 * there, as that of {@link MatMulLoops#tile} does, so that an output has the same bits in each of these loops.
 */
public abstract class LaneLoops {
  /** Most rows that {@link #tile} takes. */
  public abstract int tileRows(DType type);

  /** Outputs of a group of a weight of a type. */
  public abstract int width(DType type);

  /** Whether there are loops for numbers of a type. */
  public abstract boolean reads(DType type);

  /** sums[j] += Σ_k w[k][j] · x[k] for a group's outputs j; F32. */
  public abstract void dot(float[] w, int wi, int depth, float[] x, int xi, float[] sums, int si);

  /**
   * Adds those products for BF16.
   *
   * @param at the first byte
   * @param depth number of k, even
   */
  public abstract void dot(MemorySegment codes, long at, int depth, float[] x, int xi, float[] sums, int si);

  /**
   * Adds those products for codes that share scales, one for each output.
   *
   * @param inHalves whether codes are those of NF4, not signed bytes
   * @param depth number of k within a block; if {@code inHalves} a multiple of 8
   */
  public abstract void dot(boolean inHalves, MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth,
      float[] x, int xi, float[] sums, int si);

  /** panel[k][j] = the numbers of a group; BF16. */
  public abstract void widen(MemorySegment codes, long at, int depth, float[] panel, int pi);

  /** panel[k][j] = the numbers of a group that share scales. */
  public abstract void widen(boolean inHalves, MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth,
      float[] panel, int pi);

  /**
   * c[r][j] += Σ_k a[r][k] · panel[k][j] for up to {@link #tileRows} rows and the outputs of a group.
   *
   * @param type of the weight
   * @param lda distance of the rows of A, where they lie
   * @param ldc distance of the rows of C
   */
  public abstract void tile(DType type, int rows, int depth, float[] a, int ai, int lda, float[] panel, int pi, float[] c, int ci,
      int ldc);
}
