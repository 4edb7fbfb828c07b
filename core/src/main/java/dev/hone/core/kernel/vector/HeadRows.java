package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.F32;
import static dev.hone.core.kernel.vector.AttentionTile.L;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Moving one head's rows between the tensors, where heads lie side by side, and contiguous blocks.
 *
 * <p>Implementation note: a head is a few vectors wide, so the loops run down the rows, two vectors wide and four rows at a time.
 * Where rows are missing at the end, the last one is done again.
 */
final class HeadRows {
  private static final float[] ONE = {1};
  // Turns by half a vector and so on. Sums of lanes add halves to halves: reduceLanes leaves the order open, and compiled code
  // takes another one than the interpreter, so that bits would change while a program warms up.
  static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(F32, 8 % L, 1, true);
  static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(F32, 4 % L, 1, true);
  static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(F32, 2 % L, 1, true);
  static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(F32, 1, 1, true);

  private HeadRows() {}

  /**
   * Copies rows into a block whose rows are {@code ldy} apart, and clears the block's rows beyond.
   *
   * @param d numbers in a row
   * @param padded rows of the block, at least {@code rows}
   */
  static void pack(float[] x, int xAt, int ldx, int rows, int d, float[] y, int ldy, int padded) {
    scale(x, xAt, ldx, rows, d, ONE, 0, 0, y, 0, ldy);
    Arrays.fill(y, rows * ldy, padded * ldy, 0);
  }

  /** Copies rows, all times {@code factor}. */
  static void scale(float[] x, int xAt, int ldx, int rows, int d, float factor, float[] y, int yAt, int ldy) {
    scale(x, xAt, ldx, rows, d, factor == 1 ? ONE : new float[] {factor}, 0, 0, y, yAt, ldy);
  }

  /** Copies rows, each times its factor; the factors are {@code step} apart, 0 for one factor of all rows. */
  static void scale(float[] x, int xAt, int ldx, int rows, int d, float[] factors, int factorsAt, int step, float[] y, int yAt,
      int ldy) {
    int i = 0;
    for (; i + 2 * L <= d; i += 2 * L) {
      scale2(x, xAt + i, ldx, rows, factors, factorsAt, step, y, yAt + i, ldy);
    }
    if (i + L <= d) {
      scale1(x, xAt + i, ldx, rows, factors, factorsAt, step, y, yAt + i, ldy);
      i += L;
    }
    if (i < d) {
      scaleTail(x, xAt + i, ldx, rows, d - i, factors, factorsAt, step, y, yAt + i, ldy);
    }
  }

  private static void scale2(float[] x, int xAt, int ldx, int rows, float[] factors, int factorsAt, int step, float[] y, int yAt,
      int ldy) {
    for (int row = 0; row < rows; row += 4) {
      int row1 = Math.min(row + 1, rows - 1);
      int row2 = Math.min(row + 2, rows - 1);
      int row3 = Math.min(row + 3, rows - 1);
      FloatVector factor0 = FloatVector.broadcast(F32, factors[factorsAt + row * step]);
      FloatVector factor1 = FloatVector.broadcast(F32, factors[factorsAt + row1 * step]);
      FloatVector factor2 = FloatVector.broadcast(F32, factors[factorsAt + row2 * step]);
      FloatVector factor3 = FloatVector.broadcast(F32, factors[factorsAt + row3 * step]);
      FloatVector.fromArray(F32, x, xAt + row * ldx).mul(factor0).intoArray(y, yAt + row * ldy);
      FloatVector.fromArray(F32, x, xAt + row * ldx + L).mul(factor0).intoArray(y, yAt + row * ldy + L);
      FloatVector.fromArray(F32, x, xAt + row1 * ldx).mul(factor1).intoArray(y, yAt + row1 * ldy);
      FloatVector.fromArray(F32, x, xAt + row1 * ldx + L).mul(factor1).intoArray(y, yAt + row1 * ldy + L);
      FloatVector.fromArray(F32, x, xAt + row2 * ldx).mul(factor2).intoArray(y, yAt + row2 * ldy);
      FloatVector.fromArray(F32, x, xAt + row2 * ldx + L).mul(factor2).intoArray(y, yAt + row2 * ldy + L);
      FloatVector.fromArray(F32, x, xAt + row3 * ldx).mul(factor3).intoArray(y, yAt + row3 * ldy);
      FloatVector.fromArray(F32, x, xAt + row3 * ldx + L).mul(factor3).intoArray(y, yAt + row3 * ldy + L);
    }
  }

  private static void scale1(float[] x, int xAt, int ldx, int rows, float[] factors, int factorsAt, int step, float[] y, int yAt,
      int ldy) {
    for (int row = 0; row < rows; row++) {
      FloatVector.fromArray(F32, x, xAt + row * ldx).mul(factors[factorsAt + row * step]).intoArray(y, yAt + row * ldy);
    }
  }

  private static void scaleTail(float[] x, int xAt, int ldx, int rows, int d, float[] factors, int factorsAt, int step, float[] y,
      int yAt, int ldy) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < d; i++) {
        y[yAt + row * ldy + i] = x[xAt + row * ldx + i] * factors[factorsAt + row * step];
      }
    }
  }

  /** products[i] = x[i, :] · y[i, :] over {@code d} numbers. */
  static void rowProducts(float[] x, int xAt, int ldx, float[] y, int yAt, int ldy, int rows, int d, float[] products) {
    Arrays.fill(products, 0, rows, 0);
    int i = 0;
    for (; i + 2 * L <= d; i += 2 * L) {
      rowProducts2(x, xAt + i, ldx, y, yAt + i, ldy, rows, products);
    }
    for (int row = 0; row < rows && i < d; row++) {
      products[row] += dot(x, xAt + row * ldx + i, y, yAt + row * ldy + i, d - i);
    }
  }

  private static void rowProducts2(float[] x, int xAt, int ldx, float[] y, int yAt, int ldy, int rows, float[] products) {
    for (int row = 0; row < rows; row += 4) {
      int row1 = Math.min(row + 1, rows - 1);
      int row2 = Math.min(row + 2, rows - 1);
      int row3 = Math.min(row + 3, rows - 1);
      FloatVector p0 = FloatVector.fromArray(F32, x, xAt + row * ldx).mul(FloatVector.fromArray(F32, y, yAt + row * ldy));
      FloatVector p1 = FloatVector.fromArray(F32, x, xAt + row1 * ldx).mul(FloatVector.fromArray(F32, y, yAt + row1 * ldy));
      FloatVector p2 = FloatVector.fromArray(F32, x, xAt + row2 * ldx).mul(FloatVector.fromArray(F32, y, yAt + row2 * ldy));
      FloatVector p3 = FloatVector.fromArray(F32, x, xAt + row3 * ldx).mul(FloatVector.fromArray(F32, y, yAt + row3 * ldy));
      p0 = FloatVector.fromArray(F32, x, xAt + row * ldx + L).fma(FloatVector.fromArray(F32, y, yAt + row * ldy + L), p0);
      p1 = FloatVector.fromArray(F32, x, xAt + row1 * ldx + L).fma(FloatVector.fromArray(F32, y, yAt + row1 * ldy + L), p1);
      p2 = FloatVector.fromArray(F32, x, xAt + row2 * ldx + L).fma(FloatVector.fromArray(F32, y, yAt + row2 * ldy + L), p2);
      p3 = FloatVector.fromArray(F32, x, xAt + row3 * ldx + L).fma(FloatVector.fromArray(F32, y, yAt + row3 * ldy + L), p3);
      if (L > 8) {
        p0 = p0.add(p0.rearrange(BY_8));
        p1 = p1.add(p1.rearrange(BY_8));
        p2 = p2.add(p2.rearrange(BY_8));
        p3 = p3.add(p3.rearrange(BY_8));
      }
      if (L > 4) {
        p0 = p0.add(p0.rearrange(BY_4));
        p1 = p1.add(p1.rearrange(BY_4));
        p2 = p2.add(p2.rearrange(BY_4));
        p3 = p3.add(p3.rearrange(BY_4));
      }
      p0 = p0.add(p0.rearrange(BY_2));
      p1 = p1.add(p1.rearrange(BY_2));
      p2 = p2.add(p2.rearrange(BY_2));
      p3 = p3.add(p3.rearrange(BY_2));
      p0 = p0.add(p0.rearrange(BY_1));
      p1 = p1.add(p1.rearrange(BY_1));
      p2 = p2.add(p2.rearrange(BY_1));
      p3 = p3.add(p3.rearrange(BY_1));
      float sum0 = products[row] + p0.lane(0); // all are read before one is written: a row that is done again counts once
      float sum1 = products[row1] + p1.lane(0);
      float sum2 = products[row2] + p2.lane(0);
      float sum3 = products[row3] + p3.lane(0);
      products[row] = sum0;
      products[row1] = sum1;
      products[row2] = sum2;
      products[row3] = sum3;
    }
  }

  /** x · y over {@code d} numbers. */
  static float dot(float[] x, int xAt, float[] y, int yAt, int d) {
    FloatVector sums = FloatVector.zero(F32);
    int i = 0;
    for (; i + L <= d; i += L) {
      sums = FloatVector.fromArray(F32, x, xAt + i).fma(FloatVector.fromArray(F32, y, yAt + i), sums);
    }
    if (L > 8) {
      sums = sums.add(sums.rearrange(BY_8));
    }
    if (L > 4) {
      sums = sums.add(sums.rearrange(BY_4));
    }
    sums = sums.add(sums.rearrange(BY_2));
    float sum = sums.add(sums.rearrange(BY_1)).lane(0);
    for (; i < d; i++) {
      sum += x[xAt + i] * y[yAt + i];
    }
    return sum;
  }
}
