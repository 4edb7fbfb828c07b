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
    FloatVector left6 = FloatVector.fromArray(SPECIES, c, ci + 6 * ldc);
    FloatVector right6 = FloatVector.fromArray(SPECIES, c, ci + 6 * ldc + LANES);
    FloatVector left7 = FloatVector.fromArray(SPECIES, c, ci + 7 * ldc);
    FloatVector right7 = FloatVector.fromArray(SPECIES, c, ci + 7 * ldc + LANES);
    FloatVector left8 = FloatVector.fromArray(SPECIES, c, ci + 8 * ldc);
    FloatVector right8 = FloatVector.fromArray(SPECIES, c, ci + 8 * ldc + LANES);
    FloatVector left9 = FloatVector.fromArray(SPECIES, c, ci + 9 * ldc);
    FloatVector right9 = FloatVector.fromArray(SPECIES, c, ci + 9 * ldc + LANES);
    FloatVector left10 = FloatVector.fromArray(SPECIES, c, ci + 10 * ldc);
    FloatVector right10 = FloatVector.fromArray(SPECIES, c, ci + 10 * ldc + LANES);
    FloatVector left11 = FloatVector.fromArray(SPECIES, c, ci + 11 * ldc);
    FloatVector right11 = FloatVector.fromArray(SPECIES, c, ci + 11 * ldc + LANES);
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
    left6.intoArray(c, ci + 6 * ldc);
    right6.intoArray(c, ci + 6 * ldc + LANES);
    left7.intoArray(c, ci + 7 * ldc);
    right7.intoArray(c, ci + 7 * ldc + LANES);
    left8.intoArray(c, ci + 8 * ldc);
    right8.intoArray(c, ci + 8 * ldc + LANES);
    left9.intoArray(c, ci + 9 * ldc);
    right9.intoArray(c, ci + 9 * ldc + LANES);
    left10.intoArray(c, ci + 10 * ldc);
    right10.intoArray(c, ci + 10 * ldc + LANES);
    left11.intoArray(c, ci + 11 * ldc);
    right11.intoArray(c, ci + 11 * ldc + LANES);
  }
}
