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
    FloatVector left6 = FloatVector.zero(SPECIES);
    FloatVector right6 = FloatVector.zero(SPECIES);
    FloatVector left7 = FloatVector.zero(SPECIES);
    FloatVector right7 = FloatVector.zero(SPECIES);
    FloatVector left8 = FloatVector.zero(SPECIES);
    FloatVector right8 = FloatVector.zero(SPECIES);
    FloatVector left9 = FloatVector.zero(SPECIES);
    FloatVector right9 = FloatVector.zero(SPECIES);
    FloatVector left10 = FloatVector.zero(SPECIES);
    FloatVector right10 = FloatVector.zero(SPECIES);
    FloatVector left11 = FloatVector.zero(SPECIES);
    FloatVector right11 = FloatVector.zero(SPECIES);
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
      left6 = FloatVector.fromArray(SPECIES, c, ci + 6 * ldc);
      right6 = FloatVector.fromArray(SPECIES, c, ci + 6 * ldc + LANES);
      left7 = FloatVector.fromArray(SPECIES, c, ci + 7 * ldc);
      right7 = FloatVector.fromArray(SPECIES, c, ci + 7 * ldc + LANES);
      left8 = FloatVector.fromArray(SPECIES, c, ci + 8 * ldc);
      right8 = FloatVector.fromArray(SPECIES, c, ci + 8 * ldc + LANES);
      left9 = FloatVector.fromArray(SPECIES, c, ci + 9 * ldc);
      right9 = FloatVector.fromArray(SPECIES, c, ci + 9 * ldc + LANES);
      left10 = FloatVector.fromArray(SPECIES, c, ci + 10 * ldc);
      right10 = FloatVector.fromArray(SPECIES, c, ci + 10 * ldc + LANES);
      left11 = FloatVector.fromArray(SPECIES, c, ci + 11 * ldc);
      right11 = FloatVector.fromArray(SPECIES, c, ci + 11 * ldc + LANES);
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
      left6.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 6 * ldc)).intoArray(c, ci + 6 * ldc);
      right6.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 6 * ldc + LANES)).intoArray(c, ci + 6 * ldc + LANES);
      left7.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 7 * ldc)).intoArray(c, ci + 7 * ldc);
      right7.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 7 * ldc + LANES)).intoArray(c, ci + 7 * ldc + LANES);
      left8.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 8 * ldc)).intoArray(c, ci + 8 * ldc);
      right8.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 8 * ldc + LANES)).intoArray(c, ci + 8 * ldc + LANES);
      left9.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 9 * ldc)).intoArray(c, ci + 9 * ldc);
      right9.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 9 * ldc + LANES)).intoArray(c, ci + 9 * ldc + LANES);
      left10.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 10 * ldc)).intoArray(c, ci + 10 * ldc);
      right10.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 10 * ldc + LANES)).intoArray(c, ci + 10 * ldc + LANES);
      left11.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 11 * ldc)).intoArray(c, ci + 11 * ldc);
      right11.fma(factor, FloatVector.fromArray(SPECIES, c, ci + 11 * ldc + LANES)).intoArray(c, ci + 11 * ldc + LANES);
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
      left6.mul(factor).intoArray(c, ci + 6 * ldc);
      right6.mul(factor).intoArray(c, ci + 6 * ldc + LANES);
      left7.mul(factor).intoArray(c, ci + 7 * ldc);
      right7.mul(factor).intoArray(c, ci + 7 * ldc + LANES);
      left8.mul(factor).intoArray(c, ci + 8 * ldc);
      right8.mul(factor).intoArray(c, ci + 8 * ldc + LANES);
      left9.mul(factor).intoArray(c, ci + 9 * ldc);
      right9.mul(factor).intoArray(c, ci + 9 * ldc + LANES);
      left10.mul(factor).intoArray(c, ci + 10 * ldc);
      right10.mul(factor).intoArray(c, ci + 10 * ldc + LANES);
      left11.mul(factor).intoArray(c, ci + 11 * ldc);
      right11.mul(factor).intoArray(c, ci + 11 * ldc + LANES);
    }
  }
}
