package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.F32;
import static dev.hone.core.kernel.vector.AttentionTile.L;

import jdk.incubator.vector.FloatVector;

/** Rotary embedding of one head. */
final class RotaryLoops {
  private RotaryLoops() {}

  /** Turns the pairs (i, i + half) of a head; see {@link dev.hone.core.kernel.cpu.AttentionLoops}. */
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
}
