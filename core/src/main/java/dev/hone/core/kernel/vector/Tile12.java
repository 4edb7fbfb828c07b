package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** Twelve rows: 24 sums, for 32 registers. */
final class Tile12 extends RegisterTile {
  private static final int ROWS = 12;

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
    FloatVector left6 = FloatVector.fromArray(SPECIES, sums, 6 * COLUMNS);
    FloatVector right6 = FloatVector.fromArray(SPECIES, sums, 6 * COLUMNS + LANES);
    FloatVector left7 = FloatVector.fromArray(SPECIES, sums, 7 * COLUMNS);
    FloatVector right7 = FloatVector.fromArray(SPECIES, sums, 7 * COLUMNS + LANES);
    FloatVector left8 = FloatVector.fromArray(SPECIES, sums, 8 * COLUMNS);
    FloatVector right8 = FloatVector.fromArray(SPECIES, sums, 8 * COLUMNS + LANES);
    FloatVector left9 = FloatVector.fromArray(SPECIES, sums, 9 * COLUMNS);
    FloatVector right9 = FloatVector.fromArray(SPECIES, sums, 9 * COLUMNS + LANES);
    FloatVector left10 = FloatVector.fromArray(SPECIES, sums, 10 * COLUMNS);
    FloatVector right10 = FloatVector.fromArray(SPECIES, sums, 10 * COLUMNS + LANES);
    FloatVector left11 = FloatVector.fromArray(SPECIES, sums, 11 * COLUMNS);
    FloatVector right11 = FloatVector.fromArray(SPECIES, sums, 11 * COLUMNS + LANES);
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
      FloatVector a6 = FloatVector.broadcast(SPECIES, a[at + 6]);
      left6 = a6.fma(left, left6);
      right6 = a6.fma(right, right6);
      FloatVector a7 = FloatVector.broadcast(SPECIES, a[at + 7]);
      left7 = a7.fma(left, left7);
      right7 = a7.fma(right, right7);
      FloatVector a8 = FloatVector.broadcast(SPECIES, a[at + 8]);
      left8 = a8.fma(left, left8);
      right8 = a8.fma(right, right8);
      FloatVector a9 = FloatVector.broadcast(SPECIES, a[at + 9]);
      left9 = a9.fma(left, left9);
      right9 = a9.fma(right, right9);
      FloatVector a10 = FloatVector.broadcast(SPECIES, a[at + 10]);
      left10 = a10.fma(left, left10);
      right10 = a10.fma(right, right10);
      FloatVector a11 = FloatVector.broadcast(SPECIES, a[at + 11]);
      left11 = a11.fma(left, left11);
      right11 = a11.fma(right, right11);
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
    left6.intoArray(sums, 6 * COLUMNS);
    right6.intoArray(sums, 6 * COLUMNS + LANES);
    left7.intoArray(sums, 7 * COLUMNS);
    right7.intoArray(sums, 7 * COLUMNS + LANES);
    left8.intoArray(sums, 8 * COLUMNS);
    right8.intoArray(sums, 8 * COLUMNS + LANES);
    left9.intoArray(sums, 9 * COLUMNS);
    right9.intoArray(sums, 9 * COLUMNS + LANES);
    left10.intoArray(sums, 10 * COLUMNS);
    right10.intoArray(sums, 10 * COLUMNS + LANES);
    left11.intoArray(sums, 11 * COLUMNS);
    right11.intoArray(sums, 11 * COLUMNS + LANES);
  }
}
