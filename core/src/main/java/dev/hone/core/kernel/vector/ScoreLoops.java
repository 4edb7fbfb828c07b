package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.F32;
import static dev.hone.core.kernel.vector.AttentionTile.L;

import dev.hone.core.kernel.cpu.Visibility;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * What happens to a block of scores between the products. Rows are keys and lanes are queries, so a softmax runs down the rows
 * and needs no sum across lanes. Scores are in units of log 2.
 *
 * <p>Implementation note: one loop per method, and one vector of queries per call where sums are kept: methods with several
 * loops are compiled well in some runs and badly in others.
 */
final class ScoreLoops {
  /** Below every score, yet finite: a query that has seen no key keeps this as its maximum. */
  static final float LOWEST = -1e30f;

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
   * @param s [rows, L]; rows is a multiple of 3
   */
  static void raiseMaxima(float[] s, int at, int ld, int rows, float[] max, int maxAt, float[] factor, int factorAt) {
    FloatVector old = FloatVector.fromArray(F32, max, maxAt);
    FloatVector max0 = old;
    FloatVector max1 = old;
    FloatVector max2 = old;
    for (int row = 0; row < rows; row += 3) {
      FloatVector s0 = FloatVector.fromArray(F32, s, at + row * ld);
      FloatVector s1 = FloatVector.fromArray(F32, s, at + row * ld + ld);
      FloatVector s2 = FloatVector.fromArray(F32, s, at + row * ld + 2 * ld);
      max0 = max0.blend(s0, s0.compare(VectorOperators.GT, max0));
      max1 = max1.blend(s1, s1.compare(VectorOperators.GT, max1));
      max2 = max2.blend(s2, s2.compare(VectorOperators.GT, max2));
    }
    max0 = max0.blend(max1, max1.compare(VectorOperators.GT, max0));
    max0 = max0.blend(max2, max2.compare(VectorOperators.GT, max0));
    max0.intoArray(max, maxAt);
    Exponential.exp2(old.sub(max0)).intoArray(factor, factorAt);
  }

  /** s = 2^(s - max); sum = factor · sum + the new numbers. */
  static void exponentials(float[] s, int at, int ld, int rows, float[] max, int maxAt, float[] factor, int factorAt,
      float[] sum, int sumAt) {
    FloatVector shift = FloatVector.fromArray(F32, max, maxAt);
    FloatVector total = FloatVector.fromArray(F32, sum, sumAt).mul(FloatVector.fromArray(F32, factor, factorAt));
    for (int row = 0; row < rows; row++) {
      FloatVector p = Exponential.exp2(FloatVector.fromArray(F32, s, at + row * ld).sub(shift));
      total = total.add(p);
      p.intoArray(s, at + row * ld);
    }
    total.intoArray(sum, sumAt);
  }

  /** sum becomes 1 / sum, or 0 where no key was seen; max becomes the natural logarithm of the sum of exponentials. */
  static void finish(float[] max, int maxAt, float[] sum, int sumAt) {
    FloatVector total = FloatVector.fromArray(F32, sum, sumAt);
    VectorMask<Float> none = total.eq(0);
    FloatVector log = Exponential.log(total.blend(1, none));
    FloatVector.broadcast(F32, 1).div(total).blend(0, none).intoArray(sum, sumAt);
    FloatVector shift = FloatVector.fromArray(F32, max, maxAt);
    shift.fma(FloatVector.broadcast(F32, Exponential.LN_2), log).blend(Float.NEGATIVE_INFINITY, none).intoArray(max, maxAt);
  }

  /**
   * s = p = 2^(s - lse); dp = p · (dp - delta), the gradient of the scores.
   *
   * @param s [rows, L]
   * @param dp [rows, L]
   * @param lse of the queries, in units of log 2
   * @param delta dOut · out of the queries
   */
  static void gradients(float[] s, float[] dp, int at, int ld, int rows, float[] lse, float[] delta, int queryAt) {
    FloatVector shift = FloatVector.fromArray(F32, lse, queryAt);
    FloatVector mean = FloatVector.fromArray(F32, delta, queryAt);
    for (int row = 0; row < rows; row++) {
      int i = at + row * ld;
      FloatVector p = Exponential.exp2(FloatVector.fromArray(F32, s, i).sub(shift));
      p.intoArray(s, i);
      FloatVector.fromArray(F32, dp, i).sub(mean).mul(p).intoArray(dp, i);
    }
  }

  /** s = scale · tanh(s) over rows of {@code lanes}. tanh(s) = 1 - 2 / (1 + e^2s). */
  static void cap(float[] s, int at, int ld, int rows, int lanes, float scale) {
    for (int row = 0; row < rows; row++) {
      for (int i = at + row * ld; i < at + row * ld + lanes; i += L) {
        FloatVector x = FloatVector.fromArray(F32, s, i).mul(2 * Exponential.LOG2_E);
        x = x.blend(126, x.compare(VectorOperators.GT, 126));
        FloatVector two = FloatVector.broadcast(F32, -2 * scale).div(Exponential.exp2(x).add(1));
        two.add(scale).intoArray(s, i);
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
