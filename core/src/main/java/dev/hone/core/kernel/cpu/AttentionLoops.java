package dev.hone.core.kernel.cpu;

/** The loops of attention: what is done for one key head of one sequence, and for some rows of a rotation. */
public abstract class AttentionLoops {
  /**
   * Forward pass of the queries {@code from} to {@code to} of a sequence, for all query heads of one key head.
   *
   * @param sequence number of the sequence
   * @param kvHead number of the key head
   */
  protected abstract void forward(AttentionCall call, int sequence, int kvHead, int from, int to);

  /** Gradients of one key head of a sequence and all its query heads. */
  protected abstract void backward(AttentionCall call, int sequence, int kvHead);

  /**
   * Rotates the heads of one row: y[i] = x[i] · cos[i] - x[i + half] · sin[i], y[i + half] = x[i + half] · cos[i] + x[i] ·
   * sin[i].
   *
   * @param heads number of heads in the row
   * @param headDim distance between heads; what lies beyond 2 · half is copied
   * @param half number of pairs
   * @param sign -1 turns backwards
   */
  protected abstract void rotate(float[] x, int xAt, float[] y, int yAt, int heads, int headDim, int half, float[] cos,
      int cosAt, float[] sin, int sinAt, float sign);
}
