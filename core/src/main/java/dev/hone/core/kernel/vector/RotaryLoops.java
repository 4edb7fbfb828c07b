package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.F32;
import static dev.hone.core.kernel.vector.AttentionTile.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/** Rotary embedding of one head. */
final class RotaryLoops {
  private static final VectorShuffle<Float> FIRST = VectorShuffle.fromOp(F32, i -> i / 2);
  private static final VectorShuffle<Float> SECOND = VectorShuffle.fromOp(F32, i -> L / 2 + i / 2);
  private static final VectorShuffle<Float> SWAPPED = VectorShuffle.fromOp(F32, i -> i ^ 1);
  private static final FloatVector ALTERNATING = FloatVector.broadcast(F32, 1)
      .blend(-1, VectorMask.fromLong(F32, 0x5555555555555555L)); // -1, 1, -1 ...

  private RotaryLoops() {}

  /** Turns the pairs (i, i + half) of a head; see {@link dev.hone.core.kernel.loops.AttentionLoops}. */
  static void rotate(float[] x, int xAt, float[] y, int yAt, int headDim, int half, float[] cos, int cosAt, float[] sin,
      int sinAt, float sign) {
    int i = 0;
    for (; i + L <= half; i += L) {
      FloatVector a = FloatVector.fromArray(F32, x, xAt + i);
      FloatVector b = FloatVector.fromArray(F32, x, xAt + half + i);
      FloatVector c = FloatVector.fromArray(F32, cos, cosAt + i);
      FloatVector s = FloatVector.fromArray(F32, sin, sinAt + i).mul(sign);
      a.mul(c).sub(b.mul(s)).intoArray(y, yAt + i);
      b.mul(c).add(a.mul(s)).intoArray(y, yAt + half + i);
    }
    for (; i < half; i++) {
      float a = x[xAt + i];
      float b = x[xAt + half + i];
      float s = sin[sinAt + i] * sign;
      y[yAt + i] = a * cos[cosAt + i] - b * s;
      y[yAt + half + i] = b * cos[cosAt + i] + a * s;
    }
    if (2 * half < headDim) {
      System.arraycopy(x, xAt + 2 * half, y, yAt + 2 * half, headDim - 2 * half);
    }
  }

  /** Turns the pairs (2 · i, 2 · i + 1) of a head: each vector holds L / 2 of them, whose cosines stand twice. */
  static void rotateNeighbours(float[] x, int xAt, float[] y, int yAt, int headDim, int half, float[] cos, int cosAt, float[] sin,
      int sinAt, float sign) {
    int i = 0;
    for (; i + L <= half; i += L) {
      FloatVector c = FloatVector.fromArray(F32, cos, cosAt + i);
      FloatVector s = FloatVector.fromArray(F32, sin, sinAt + i).mul(sign);
      FloatVector low = FloatVector.fromArray(F32, x, xAt + 2 * i);
      FloatVector high = FloatVector.fromArray(F32, x, xAt + 2 * i + L);
      FloatVector around = s.rearrange(FIRST).mul(ALTERNATING);
      low.mul(c.rearrange(FIRST)).add(low.rearrange(SWAPPED).mul(around)).intoArray(y, yAt + 2 * i);
      around = s.rearrange(SECOND).mul(ALTERNATING);
      high.mul(c.rearrange(SECOND)).add(high.rearrange(SWAPPED).mul(around)).intoArray(y, yAt + 2 * i + L);
    }
    for (; i < half; i++) {
      float a = x[xAt + 2 * i];
      float b = x[xAt + 2 * i + 1];
      float s = sin[sinAt + i] * sign;
      y[yAt + 2 * i] = a * cos[cosAt + i] - b * s;
      y[yAt + 2 * i + 1] = b * cos[cosAt + i] + a * s;
    }
    if (2 * half < headDim) {
      System.arraycopy(x, xAt + 2 * half, y, yAt + 2 * half, headDim - 2 * half);
    }
  }
}
