package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.F32;
import static dev.hone.core.kernel.vector.AttentionTile.L;
import static dev.hone.core.kernel.vector.Exponential.*;

import dev.hone.core.kernel.loops.Visibility;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * What happens to a block of scores between the products. Rows are keys and lanes are queries, so a softmax runs down the rows
 * and needs no sum across lanes. Scores are in units of log 2.
 *
 * <p>Implementation note: one loop per method, and one vector of queries per call where sums are kept: methods with several
 * loops are compiled well in some runs and badly in others. No vector is handed to another method; {@link Exponential} says why.
 */
final class ScoreLoops {
  /** Below every score, yet finite: a query that has seen no key keeps this as its maximum. */
  static final float LOWEST = -1e30f;

  private static final float LARGEST = 126;
  private static final FloatVector LANES = FloatVector.broadcast(F32, 0).addIndex(1);

  private ScoreLoops() {}

  /**
   * Sets scores of hidden keys to negative infinity.
   *
   * @param s [rows, lanes], rows {@code ld} apart
   * @param firstKey key of row 0
   * @param firstQuery query of lane 0
   */
  static void hide(float[] s, int at, int ld, int rows, int lanes, Visibility visible, int firstKey, int firstQuery) {
    for (int row = 0; row < rows; row++) {
      int key = firstKey + row;
      int from = key < visible.keys() ? visible.firstQuery(key) - firstQuery : lanes;
      int to = visible.endQuery(key) - firstQuery;
      if (from > 0 || to < lanes) {
        hideRow(s, at + row * ld, lanes, from, to);
      }
    }
  }

  private static void hideRow(float[] s, int at, int lanes, int from, int to) {
    for (int lane = 0; lane < lanes; lane += L) {
      VectorMask<Float> seen = LANES.compare(VectorOperators.GE, from - lane).and(LANES.compare(VectorOperators.LT, to - lane));
      FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY).blend(FloatVector.fromArray(F32, s, at + lane), seen)
          .intoArray(s, at + lane);
    }
  }

  /**
   * Raises running maxima to those of the new scores; {@code factor} becomes 2^(old - new), what sums so far are worth.
   *
   * @param s [rows, L]; rows is a multiple of 6
   */
  static void raiseMaxima(float[] s, int at, int ld, int rows, float[] max, int maxAt, float[] factor, int factorAt) {
    FloatVector round = FloatVector.broadcast(F32, ROUND);
    FloatVector c1 = FloatVector.broadcast(F32, C1);
    FloatVector c2 = FloatVector.broadcast(F32, C2);
    FloatVector c3 = FloatVector.broadcast(F32, C3);
    FloatVector c4 = FloatVector.broadcast(F32, C4);
    FloatVector c5 = FloatVector.broadcast(F32, C5);
    FloatVector one = FloatVector.broadcast(F32, 1);
    FloatVector old = FloatVector.fromArray(F32, max, maxAt);
    FloatVector max0 = old;
    FloatVector max1 = old;
    FloatVector max2 = old;
    for (int row = 0; row < rows; row += 6) {
      int i = at + row * ld;
      FloatVector s0 = FloatVector.fromArray(F32, s, i);
      FloatVector s1 = FloatVector.fromArray(F32, s, i + ld);
      FloatVector s2 = FloatVector.fromArray(F32, s, i + 2 * ld);
      FloatVector s3 = FloatVector.fromArray(F32, s, i + 3 * ld);
      FloatVector s4 = FloatVector.fromArray(F32, s, i + 4 * ld);
      FloatVector s5 = FloatVector.fromArray(F32, s, i + 5 * ld);
      max0 = max0.blend(s0, s0.compare(VectorOperators.GT, max0));
      max1 = max1.blend(s1, s1.compare(VectorOperators.GT, max1));
      max2 = max2.blend(s2, s2.compare(VectorOperators.GT, max2));
      max0 = max0.blend(s3, s3.compare(VectorOperators.GT, max0));
      max1 = max1.blend(s4, s4.compare(VectorOperators.GT, max1));
      max2 = max2.blend(s5, s5.compare(VectorOperators.GT, max2));
    }
    max0 = max0.blend(max1, max1.compare(VectorOperators.GT, max0));
    max0 = max0.blend(max2, max2.compare(VectorOperators.GT, max0));
    max0.intoArray(max, maxAt);
    FloatVector x = old.sub(max0);
    FloatVector t = x.add(round);
    FloatVector r = x.sub(t.sub(round));
    FloatVector p = r.fma(c5, c4).fma(r, c3).fma(r, c2).fma(r, c1).fma(r, one);
    p = p.mul(t.viewAsIntegralLanes().add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).viewAsFloatingLanes());
    p.blend(0, x.compare(VectorOperators.LT, SMALLEST)).intoArray(factor, factorAt);
  }

  /**
   * s = 2^(s - max); sum = factor · sum + the new numbers.
   *
   * @param s [rows, L]; rows is even
   */
  static void exponentials(float[] s, int at, int ld, int rows, float[] max, int maxAt, float[] factor, int factorAt,
      float[] sum, int sumAt) {
    FloatVector round = FloatVector.broadcast(F32, ROUND);
    FloatVector c1 = FloatVector.broadcast(F32, C1);
    FloatVector c2 = FloatVector.broadcast(F32, C2);
    FloatVector c3 = FloatVector.broadcast(F32, C3);
    FloatVector c4 = FloatVector.broadcast(F32, C4);
    FloatVector c5 = FloatVector.broadcast(F32, C5);
    FloatVector one = FloatVector.broadcast(F32, 1);
    FloatVector shift = FloatVector.fromArray(F32, max, maxAt);
    FloatVector total = FloatVector.fromArray(F32, sum, sumAt).mul(FloatVector.fromArray(F32, factor, factorAt));
    for (int row = 0; row < rows; row += 2) {
      int i = at + row * ld;
      FloatVector x0 = FloatVector.fromArray(F32, s, i).sub(shift);
      FloatVector x1 = FloatVector.fromArray(F32, s, i + ld).sub(shift);
      FloatVector t0 = x0.add(round);
      FloatVector t1 = x1.add(round);
      FloatVector r0 = x0.sub(t0.sub(round));
      FloatVector r1 = x1.sub(t1.sub(round));
      FloatVector p0 = r0.fma(c5, c4).fma(r0, c3).fma(r0, c2).fma(r0, c1).fma(r0, one);
      FloatVector p1 = r1.fma(c5, c4).fma(r1, c3).fma(r1, c2).fma(r1, c1).fma(r1, one);
      p0 = p0.mul(t0.viewAsIntegralLanes().add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).viewAsFloatingLanes());
      p1 = p1.mul(t1.viewAsIntegralLanes().add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).viewAsFloatingLanes());
      p0 = p0.blend(0, x0.compare(VectorOperators.LT, SMALLEST));
      p1 = p1.blend(0, x1.compare(VectorOperators.LT, SMALLEST));
      p0.intoArray(s, i);
      p1.intoArray(s, i + ld);
      total = total.add(p0.add(p1));
    }
    total.intoArray(sum, sumAt);
  }

  /** sum becomes 1 / sum, or 0 where no key was seen; max becomes the natural logarithm of the sum of exponentials. */
  static void finish(float[] max, int maxAt, float[] sum, int sumAt) {
    FloatVector one = FloatVector.broadcast(F32, 1);
    FloatVector total = FloatVector.fromArray(F32, sum, sumAt);
    VectorMask<Float> none = total.eq(0);
    one.div(total).blend(0, none).intoArray(sum, sumAt);
    IntVector bits = total.blend(1, none).viewAsIntegralLanes();
    IntVector exponent = bits.sub(ROOT_HALF).lanewise(VectorOperators.ASHR, MANTISSA_BITS);
    FloatVector f = bits.sub(exponent.lanewise(VectorOperators.LSHL, MANTISSA_BITS)).viewAsFloatingLanes();
    FloatVector a = f.sub(one).div(f.add(one));
    FloatVector u = a.mul(a);
    FloatVector log = u.mul(A3).add(A2).mul(u).add(A1).mul(u).add(A0).mul(a);
    FloatVector e = ((FloatVector) exponent.convert(VectorOperators.I2F, 0)).add(FloatVector.fromArray(F32, max, maxAt));
    e.fma(FloatVector.broadcast(F32, LN_2), log).blend(Float.NEGATIVE_INFINITY, none).intoArray(max, maxAt);
  }

  /**
   * s = p = 2^(s - lse); dp = p · (dp - delta), the gradient of the scores.
   *
   * @param s [rows, L]; rows is even
   * @param dp [rows, L]
   * @param lse of the queries, in units of log 2
   * @param delta dOut · out of the queries
   */
  static void gradients(float[] s, float[] dp, int at, int ld, int rows, float[] lse, float[] delta, int queryAt) {
    FloatVector round = FloatVector.broadcast(F32, ROUND);
    FloatVector c1 = FloatVector.broadcast(F32, C1);
    FloatVector c2 = FloatVector.broadcast(F32, C2);
    FloatVector c3 = FloatVector.broadcast(F32, C3);
    FloatVector c4 = FloatVector.broadcast(F32, C4);
    FloatVector c5 = FloatVector.broadcast(F32, C5);
    FloatVector one = FloatVector.broadcast(F32, 1);
    FloatVector shift = FloatVector.fromArray(F32, lse, queryAt);
    FloatVector mean = FloatVector.fromArray(F32, delta, queryAt);
    for (int row = 0; row < rows; row += 2) {
      int i = at + row * ld;
      FloatVector x0 = FloatVector.fromArray(F32, s, i).sub(shift);
      FloatVector x1 = FloatVector.fromArray(F32, s, i + ld).sub(shift);
      FloatVector t0 = x0.add(round);
      FloatVector t1 = x1.add(round);
      FloatVector r0 = x0.sub(t0.sub(round));
      FloatVector r1 = x1.sub(t1.sub(round));
      FloatVector p0 = r0.fma(c5, c4).fma(r0, c3).fma(r0, c2).fma(r0, c1).fma(r0, one);
      FloatVector p1 = r1.fma(c5, c4).fma(r1, c3).fma(r1, c2).fma(r1, c1).fma(r1, one);
      p0 = p0.mul(t0.viewAsIntegralLanes().add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).viewAsFloatingLanes());
      p1 = p1.mul(t1.viewAsIntegralLanes().add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).viewAsFloatingLanes());
      p0 = p0.blend(0, x0.compare(VectorOperators.LT, SMALLEST));
      p1 = p1.blend(0, x1.compare(VectorOperators.LT, SMALLEST));
      p0.intoArray(s, i);
      p1.intoArray(s, i + ld);
      FloatVector.fromArray(F32, dp, i).sub(mean).mul(p0).intoArray(dp, i);
      FloatVector.fromArray(F32, dp, i + ld).sub(mean).mul(p1).intoArray(dp, i + ld);
    }
  }

  /** s = scale · tanh(s) over rows of {@code lanes}. tanh(s) = 1 - 2 / (1 + e^2s). */
  static void cap(float[] s, int at, int ld, int rows, int lanes, float scale) {
    FloatVector round = FloatVector.broadcast(F32, ROUND);
    FloatVector c1 = FloatVector.broadcast(F32, C1);
    FloatVector c2 = FloatVector.broadcast(F32, C2);
    FloatVector c3 = FloatVector.broadcast(F32, C3);
    FloatVector c4 = FloatVector.broadcast(F32, C4);
    FloatVector c5 = FloatVector.broadcast(F32, C5);
    FloatVector one = FloatVector.broadcast(F32, 1);
    for (int row = 0; row < rows; row++) {
      for (int i = at + row * ld; i < at + row * ld + lanes; i += L) {
        FloatVector x = FloatVector.fromArray(F32, s, i).mul(2 * LOG2_E);
        x = x.blend(SMALLEST, x.compare(VectorOperators.LT, SMALLEST)); // both ends are ±1 to the last bit
        x = x.blend(LARGEST, x.compare(VectorOperators.GT, LARGEST));
        FloatVector t = x.add(round);
        FloatVector r = x.sub(t.sub(round));
        FloatVector p = r.fma(c5, c4).fma(r, c3).fma(r, c2).fma(r, c1).fma(r, one);
        p = p.mul(t.viewAsIntegralLanes().add(BIAS).lanewise(VectorOperators.LSHL, MANTISSA_BITS).viewAsFloatingLanes());
        FloatVector.broadcast(F32, -2 * scale).div(p.add(one)).add(scale).intoArray(s, i);
      }
    }
  }

  /**
   * s = s + bias of the row, in units of log 2.
   *
   * @param s [rows, lanes], rows {@code ld} apart
   */
  static void addRows(float[] s, int at, int ld, int rows, int lanes, float[] bias, int biasAt) {
    for (int row = 0; row < rows; row++) {
      FloatVector b = FloatVector.broadcast(F32, bias[biasAt + row] * LOG2_E);
      for (int i = at + row * ld; i < at + row * ld + lanes; i += L) {
        FloatVector.fromArray(F32, s, i).add(b).intoArray(s, i);
      }
    }
  }

  /** slope = 1 - (s / scale)², the derivative of the soft cap by what was capped. */
  static void capSlopes(float[] s, float[] slope, int at, int ld, int rows, int lanes, float scale) {
    for (int row = 0; row < rows; row++) {
      for (int i = at + row * ld; i < at + row * ld + lanes; i += L) {
        FloatVector tanh = FloatVector.fromArray(F32, s, i).mul(1 / scale);
        FloatVector.broadcast(F32, 1).sub(tanh.mul(tanh)).intoArray(slope, i);
      }
    }
  }

  /** x = x · y over rows of {@code lanes}. */
  static void multiply(float[] x, float[] y, int at, int ld, int rows, int lanes) {
    for (int row = 0; row < rows; row++) {
      for (int i = at + row * ld; i < at + row * ld + lanes; i += L) {
        FloatVector.fromArray(F32, x, i).mul(FloatVector.fromArray(F32, y, i)).intoArray(x, i);
      }
    }
  }
}
