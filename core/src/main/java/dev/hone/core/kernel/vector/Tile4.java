package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** Four rows: 8 sums, for 16 registers. */
final class Tile4 extends RegisterTile {
  private static final int ROWS = 4;

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
    }
    left0.intoArray(c, ci);
    right0.intoArray(c, ci + LANES);
    left1.intoArray(c, ci + ldc);
    right1.intoArray(c, ci + ldc + LANES);
    left2.intoArray(c, ci + 2 * ldc);
    right2.intoArray(c, ci + 2 * ldc + LANES);
    left3.intoArray(c, ci + 3 * ldc);
    right3.intoArray(c, ci + 3 * ldc + LANES);
  }
}
