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
  void multiply(int depth, float[] a, int ai, float[] b, int bi, float[] sums) {
    FloatVector left0 = FloatVector.fromArray(SPECIES, sums, 0);
    FloatVector right0 = FloatVector.fromArray(SPECIES, sums, LANES);
    FloatVector left1 = FloatVector.fromArray(SPECIES, sums, COLUMNS);
    FloatVector right1 = FloatVector.fromArray(SPECIES, sums, COLUMNS + LANES);
    FloatVector left2 = FloatVector.fromArray(SPECIES, sums, 2 * COLUMNS);
    FloatVector right2 = FloatVector.fromArray(SPECIES, sums, 2 * COLUMNS + LANES);
    FloatVector left3 = FloatVector.fromArray(SPECIES, sums, 3 * COLUMNS);
    FloatVector right3 = FloatVector.fromArray(SPECIES, sums, 3 * COLUMNS + LANES);
    FloatVector left4 = FloatVector.fromArray(SPECIES, sums, 4 * COLUMNS);
    FloatVector right4 = FloatVector.fromArray(SPECIES, sums, 4 * COLUMNS + LANES);
    FloatVector left5 = FloatVector.fromArray(SPECIES, sums, 5 * COLUMNS);
    FloatVector right5 = FloatVector.fromArray(SPECIES, sums, 5 * COLUMNS + LANES);
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
    left0.intoArray(sums, 0);
    right0.intoArray(sums, LANES);
    left1.intoArray(sums, COLUMNS);
    right1.intoArray(sums, COLUMNS + LANES);
    left2.intoArray(sums, 2 * COLUMNS);
    right2.intoArray(sums, 2 * COLUMNS + LANES);
    left3.intoArray(sums, 3 * COLUMNS);
    right3.intoArray(sums, 3 * COLUMNS + LANES);
    left4.intoArray(sums, 4 * COLUMNS);
    right4.intoArray(sums, 4 * COLUMNS + LANES);
    left5.intoArray(sums, 5 * COLUMNS);
    right5.intoArray(sums, 5 * COLUMNS + LANES);
  }
}
