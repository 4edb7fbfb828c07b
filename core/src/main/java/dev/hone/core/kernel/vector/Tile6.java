package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** Six rows: 12 sums, for 16 registers. */
final class Tile6 extends RegisterTile {
  private static final int ROWS = 6;

  @Override
  int rows() {
    return ROWS;
  }

  @Override
  void multiply(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, int ldc) {
    FloatVector left0 = FloatVector.fromArray(SPECIES, c, ci);
    FloatVector right0 = FloatVector.fromArray(SPECIES, c, ci + LANES);
    FloatVector left1 = FloatVector.fromArray(SPECIES, c, ci + ldc);
    FloatVector right1 = FloatVector.fromArray(SPECIES, c, ci + ldc + LANES);
    FloatVector left2 = FloatVector.fromArray(SPECIES, c, ci + 2 * ldc);
    FloatVector right2 = FloatVector.fromArray(SPECIES, c, ci + 2 * ldc + LANES);
    FloatVector left3 = FloatVector.fromArray(SPECIES, c, ci + 3 * ldc);
    FloatVector right3 = FloatVector.fromArray(SPECIES, c, ci + 3 * ldc + LANES);
    FloatVector left4 = FloatVector.fromArray(SPECIES, c, ci + 4 * ldc);
    FloatVector right4 = FloatVector.fromArray(SPECIES, c, ci + 4 * ldc + LANES);
    FloatVector left5 = FloatVector.fromArray(SPECIES, c, ci + 5 * ldc);
    FloatVector right5 = FloatVector.fromArray(SPECIES, c, ci + 5 * ldc + LANES);
    for (int k = 0; k < depth; k++) {
      int at = ai + k * ROWS;
      FloatVector left = FloatVector.fromArray(SPECIES, b, bi + k * COLUMNS);
      FloatVector right = FloatVector.fromArray(SPECIES, b, bi + k * COLUMNS + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[at]);
      left0 = a0.fma(left, left0);
      right0 = a0.fma(right, right0);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[at + 1]);
      left1 = a1.fma(left, left1);
      right1 = a1.fma(right, right1);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[at + 2]);
      left2 = a2.fma(left, left2);
      right2 = a2.fma(right, right2);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[at + 3]);
      left3 = a3.fma(left, left3);
      right3 = a3.fma(right, right3);
      FloatVector a4 = FloatVector.broadcast(SPECIES, a[at + 4]);
      left4 = a4.fma(left, left4);
      right4 = a4.fma(right, right4);
      FloatVector a5 = FloatVector.broadcast(SPECIES, a[at + 5]);
      left5 = a5.fma(left, left5);
      right5 = a5.fma(right, right5);
    }
    left0.intoArray(c, ci);
    right0.intoArray(c, ci + LANES);
    left1.intoArray(c, ci + ldc);
    right1.intoArray(c, ci + ldc + LANES);
    left2.intoArray(c, ci + 2 * ldc);
    right2.intoArray(c, ci + 2 * ldc + LANES);
    left3.intoArray(c, ci + 3 * ldc);
    right3.intoArray(c, ci + 3 * ldc + LANES);
    left4.intoArray(c, ci + 4 * ldc);
    right4.intoArray(c, ci + 4 * ldc + LANES);
    left5.intoArray(c, ci + 5 * ldc);
    right5.intoArray(c, ci + 5 * ldc + LANES);
  }
}
