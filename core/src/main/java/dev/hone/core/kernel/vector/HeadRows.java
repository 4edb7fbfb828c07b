package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.F32;
import static dev.hone.core.kernel.vector.AttentionTile.L;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/** Moving one head's rows between the tensors, where heads lie side by side, and contiguous blocks. */
final class HeadRows {
  private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(F32, 8 % L, 1, true);
  private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(F32, 4 % L, 1, true);
  private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(F32, 2 % L, 1, true);
  private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(F32, 1, 1, true);

  private HeadRows() {}

  /**
   * Copies rows into a block whose rows are {@code ldy} apart, and clears the block's rows beyond.
   *
   * @param d numbers in a row
   * @param padded rows of the block, at least {@code rows}
   */
  static void pack(float[] x, int xAt, int ldx, int rows, int d, float[] y, int ldy, int padded) {
    for (int row = 0; row < rows; row++) {
      scaledRow(1, x, xAt + row * ldx, y, row * ldy, d);
    }
    clear(y, rows * ldy, padded * ldy);
  }

  /** Copies rows, all times {@code factor}. */
  static void scale(float[] x, int xAt, int ldx, int rows, int d, float factor, float[] y, int yAt, int ldy) {
    for (int row = 0; row < rows; row++) {
      scaledRow(factor, x, xAt + row * ldx, y, yAt + row * ldy, d);
    }
  }

  /** Copies the rows of a block into a tensor, each times its factor. */
  static void scale(float[] x, int ldx, int rows, int d, float[] factors, int factorsAt, float[] y, int yAt, int ldy) {
    for (int row = 0; row < rows; row++) {
      scaledRow(factors[factorsAt + row], x, row * ldx, y, yAt + row * ldy, d);
    }
  }

  private static void scaledRow(float factor, float[] x, int xAt, float[] y, int yAt, int d) {
    int i = 0;
    for (; i + L <= d; i += L) {
      FloatVector.fromArray(F32, x, xAt + i).mul(factor).intoArray(y, yAt + i);
    }
    for (; i < d; i++) {
      y[yAt + i] = x[xAt + i] * factor;
    }
  }

  /** Sets {@code x[from..to)} to 0; the length is a multiple of the lanes. */
  static void clear(float[] x, int from, int to) {
    for (int i = from; i < to; i += L) {
      FloatVector.zero(F32).intoArray(x, i);
    }
  }

  /** products[i] = x[i, :] · y[i, :]. */
  static void rowProducts(float[] x, int xAt, int ldx, float[] y, int yAt, int ldy, int rows, int d, float[] products, int at) {
    for (int row = 0; row < rows; row++) {
      products[at + row] = dot(x, xAt + row * ldx, y, yAt + row * ldy, d);
    }
  }

  /** x · y over {@code d} numbers. */
  static float dot(float[] x, int xAt, float[] y, int yAt, int d) {
    FloatVector sums = FloatVector.zero(F32);
    int i = 0;
    for (; i + L <= d; i += L) {
      sums = FloatVector.fromArray(F32, x, xAt + i).fma(FloatVector.fromArray(F32, y, yAt + i), sums);
    }
    float sum = sum(sums);
    for (; i < d; i++) {
      sum += x[xAt + i] * y[yAt + i];
    }
    return sum;
  }

  /**
   * Sum of the lanes, halves on halves. {@code reduceLanes} leaves the order open, and compiled code takes another one than
   * the interpreter: bits would change while a program warms up.
   */
  static float sum(FloatVector x) {
    FloatVector sum = x;
    if (L > 8) {
      sum = sum.add(sum.rearrange(BY_8));
    }
    if (L > 4) {
      sum = sum.add(sum.rearrange(BY_4));
    }
    sum = sum.add(sum.rearrange(BY_2));
    return sum.add(sum.rearrange(BY_1)).lane(0);
  }
}
