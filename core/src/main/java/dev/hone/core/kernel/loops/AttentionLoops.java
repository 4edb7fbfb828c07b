package dev.hone.core.kernel.loops;

/** The loops of attention: what is done for one key head of one sequence, and for one row of a rotation. */
public abstract class AttentionLoops {
  /** Runs of queries begin at multiples of this. */
  public static final int QUERY_GRID = 64;
  /** Runs of keys begin at multiples of this. */
  public static final int KEY_GRID = 96;

  /**
   * Forward pass of the queries {@code from} to {@code to} of a sequence, for all query heads of one key head.
   *
   * @param sequence number of the sequence
   * @param kvHead number of the key head
   * @param from a multiple of {@link #QUERY_GRID}
   */
  public abstract void forward(AttentionCall call, int sequence, int kvHead, int from, int to);

  /**
   * Gradients of the keys {@code from} to {@code to} of a sequence and one key head, and what these keys add to the gradients
   * of the queries. Steps of the {@code turn} are numbered alike whatever the keys are.
   *
   * @param sequence number of the sequence
   * @param kvHead number of the key head
   * @param from a multiple of {@link #KEY_GRID}; the first item begins at 0, even if there are no keys
   * @param turn orders the additions to the gradients of the queries
   */
  public abstract void backward(AttentionCall call, int sequence, int kvHead, int from, int to, SequenceOrder turn);

  /**
   * Rotates the heads of one row: y[i] = x[i] · cos[i] - x[i + half] · sin[i], y[i + half] = x[i + half] · cos[i] + x[i] ·
   * sin[i].
   *
   * @param heads number of heads in the row
   * @param headDim distance between heads; what lies beyond 2 · half is copied
   * @param half number of pairs
   * @param sign -1 turns backwards
   */
  public abstract void rotate(float[] x, int xAt, float[] y, int yAt, int heads, int headDim, int half, float[] cos,
      int cosAt, float[] sin, int sinAt, float sign);

  /** Rotates the pairs (2 · i, 2 · i + 1). */
  public abstract void rotateNeighbours(float[] x, int xAt, float[] y, int yAt, int heads, int headDim, int half,
      float[] cos, int cosAt, float[] sin, int sinAt, float sign);
}
