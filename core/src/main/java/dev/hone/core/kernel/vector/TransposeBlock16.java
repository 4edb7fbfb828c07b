package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;

/**
 * Sixteen by sixteen.
 *
 * <p>Implementation note. The steps of size 8 and 4 concern every fourth row, those of size 2 and 1 four rows in sequence. With
 * four rows at a time, and a pass through the first-level cache between, a block takes 40 ns where all sixteen at once, which
 * the compiler spills, took 55.
 */
final class TransposeBlock16 extends TransposeBlock {
  @Override
  void block(float[] source, int si, int stride, float scale, float[] target, int ti, int width, float[] room) {
    for (int i = 0; i < 4; i++) {
      outer(source, si + i * stride, 4 * stride, room, i * LANES);
    }
    for (int i = 0; i < 4; i++) {
      inner(room, 4 * i * LANES, scale, target, ti + 4 * i * width, width);
    }
  }

  private static void outer(float[] x, int xi, int stride, float[] y, int yi) {
    FloatVector a0 = FloatVector.fromArray(SPECIES, x, xi);
    FloatVector a1 = FloatVector.fromArray(SPECIES, x, xi + stride);
    FloatVector a2 = FloatVector.fromArray(SPECIES, x, xi + 2 * stride);
    FloatVector a3 = FloatVector.fromArray(SPECIES, x, xi + 3 * stride);
    FloatVector b0 = a0.blend(a2.rearrange(RIGHT_8), UPPER_8);
    FloatVector b1 = a1.blend(a3.rearrange(RIGHT_8), UPPER_8);
    FloatVector b2 = a0.rearrange(LEFT_8).blend(a2, UPPER_8);
    FloatVector b3 = a1.rearrange(LEFT_8).blend(a3, UPPER_8);
    b0.blend(b1.rearrange(RIGHT_4), UPPER_4).intoArray(y, yi);
    b0.rearrange(LEFT_4).blend(b1, UPPER_4).intoArray(y, yi + 4 * LANES);
    b2.blend(b3.rearrange(RIGHT_4), UPPER_4).intoArray(y, yi + 8 * LANES);
    b2.rearrange(LEFT_4).blend(b3, UPPER_4).intoArray(y, yi + 12 * LANES);
  }

  private static void inner(float[] x, int xi, float scale, float[] y, int yi, int width) {
    FloatVector a0 = FloatVector.fromArray(SPECIES, x, xi).mul(scale);
    FloatVector a1 = FloatVector.fromArray(SPECIES, x, xi + LANES).mul(scale);
    FloatVector a2 = FloatVector.fromArray(SPECIES, x, xi + 2 * LANES).mul(scale);
    FloatVector a3 = FloatVector.fromArray(SPECIES, x, xi + 3 * LANES).mul(scale);
    FloatVector b0 = a0.blend(a2.rearrange(RIGHT_2), UPPER_2);
    FloatVector b1 = a1.blend(a3.rearrange(RIGHT_2), UPPER_2);
    FloatVector b2 = a0.rearrange(LEFT_2).blend(a2, UPPER_2);
    FloatVector b3 = a1.rearrange(LEFT_2).blend(a3, UPPER_2);
    b0.blend(b1.rearrange(RIGHT_1), UPPER_1).intoArray(y, yi);
    b0.rearrange(LEFT_1).blend(b1, UPPER_1).intoArray(y, yi + width);
    b2.blend(b3.rearrange(RIGHT_1), UPPER_1).intoArray(y, yi + 2 * width);
    b2.rearrange(LEFT_1).blend(b3, UPPER_1).intoArray(y, yi + 3 * width);
  }
}
