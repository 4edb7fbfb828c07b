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
  void multiply(int depth, float[] a, int ai, float[] b, int bi, boolean onward, float scale, boolean add, float[] c, int ci,
      int ldc) {
    FloatVector left0 = FloatVector.zero(SPECIES);
    FloatVector right0 = FloatVector.zero(SPECIES);
    FloatVector left1 = FloatVector.zero(SPECIES);
    FloatVector right1 = FloatVector.zero(SPECIES);
    FloatVector left2 = FloatVector.zero(SPECIES);
    FloatVector right2 = FloatVector.zero(SPECIES);
    FloatVector left3 = FloatVector.zero(SPECIES);
    FloatVector right3 = FloatVector.zero(SPECIES);
    FloatVector left4 = FloatVector.zero(SPECIES);
    FloatVector right4 = FloatVector.zero(SPECIES);
    FloatVector left5 = FloatVector.zero(SPECIES);
    FloatVector right5 = FloatVector.zero(SPECIES);
    if (onward) {
      left0 = FloatVector.fromArray(SPECIES, c, ci);
      right0 = FloatVector.fromArray(SPECIES, c, ci + LANES);
      left1 = FloatVector.fromArray(SPECIES, c, ci + ldc);
      right1 = FloatVector.fromArray(SPECIES, c, ci + ldc + LANES);
      left2 = FloatVector.fromArray(SPECIES, c, ci + 2 * ldc);
      right2 = FloatVector.fromArray(SPECIES, c, ci + 2 * ldc + LANES);
      left3 = FloatVector.fromArray(SPECIES, c, ci + 3 * ldc);
      right3 = FloatVector.fromArray(SPECIES, c, ci + 3 * ldc + LANES);
      left4 = FloatVector.fromArray(SPECIES, c, ci + 4 * ldc);
      right4 = FloatVector.fromArray(SPECIES, c, ci + 4 * ldc + LANES);
      left5 = FloatVector.fromArray(SPECIES, c, ci + 5 * ldc);
      right5 = FloatVector.fromArray(SPECIES, c, ci + 5 * ldc + LANES);
    }
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
    FloatVector factor = FloatVector.broadcast(SPECIES, scale);
    if (add) {
      left0.fma(factor, FloatVector.fromArray(SPECIES, c, ci)).intoArray(c, ci);
      right0.fma(factor, FloatVector.fromArray(SPECIES, c, ci + LANES)).intoArray(c, ci + LANES);
      left1.fma(factor, FloatVector.fromArray(SPECIES, c, ci + ldc)).intoArray(c, ci + ldc);
      right1.fma(factor, FloatVector.fromArray(SPECIES, c, ci + ldc + LANES)).intoArray(c, ci + ldc + LANES);
      left2.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 2 * ldc)).intoArray(c, ci + 2 * ldc);
      right2.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 2 * ldc + LANES)).intoArray(c, ci + 2 * ldc + LANES);
      left3.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 3 * ldc)).intoArray(c, ci + 3 * ldc);
      right3.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 3 * ldc + LANES)).intoArray(c, ci + 3 * ldc + LANES);
      left4.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 4 * ldc)).intoArray(c, ci + 4 * ldc);
      right4.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 4 * ldc + LANES)).intoArray(c, ci + 4 * ldc + LANES);
      left5.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 5 * ldc)).intoArray(c, ci + 5 * ldc);
      right5.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 5 * ldc + LANES)).intoArray(c, ci + 5 * ldc + LANES);
    } else {
      left0.mul(factor).intoArray(c, ci);
      right0.mul(factor).intoArray(c, ci + LANES);
      left1.mul(factor).intoArray(c, ci + ldc);
      right1.mul(factor).intoArray(c, ci + ldc + LANES);
      left2.mul(factor).intoArray(c, ci + 2 * ldc);
      right2.mul(factor).intoArray(c, ci + 2 * ldc + LANES);
      left3.mul(factor).intoArray(c, ci + 3 * ldc);
      right3.mul(factor).intoArray(c, ci + 3 * ldc + LANES);
      left4.mul(factor).intoArray(c, ci + 4 * ldc);
      right4.mul(factor).intoArray(c, ci + 4 * ldc + LANES);
      left5.mul(factor).intoArray(c, ci + 5 * ldc);
      right5.mul(factor).intoArray(c, ci + 5 * ldc + LANES);
    }
  }
}
