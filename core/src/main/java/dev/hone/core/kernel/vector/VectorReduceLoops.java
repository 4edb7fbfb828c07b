package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static dev.hone.core.kernel.vector.VectorMath.expBelow;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;
import static jdk.incubator.vector.FloatVector.zero;

import dev.hone.core.kernel.loops.ReduceLoops;
import dev.hone.core.kernel.scalar.ScalarReduceLoops;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Reductions and softmax on vectors; tails and long accumulations go to the scalar twin's float64. */
public final class VectorReduceLoops extends ReduceLoops {
  private static final VectorSpecies<Double> F64 = DoubleVector.SPECIES_PREFERRED;
  private static final int GROUP = 4 * LANES;

  private final ScalarReduceLoops twin = new ScalarReduceLoops();

  @Override
  public float segmentSum(float[] x, int xi, int n) {
    int groups = n - n % GROUP;
    int body = VectorMath.whole(n);
    return VectorNormLoops.sumGroups(x, xi, groups) + VectorNormLoops.sumVectors(x, xi + groups, body - groups)
        + twin.segmentSum(x, xi + body, n - body);
  }

  @Override
  public float segmentDot(float[] a, int ai, float[] b, int bi, int n) {
    int pairs = n - n % (2 * LANES);
    return dotPairs(a, ai, b, bi, pairs) + twin.segmentDot(a, ai + pairs, b, bi + pairs, n - pairs);
  }

  private static float dotPairs(float[] a, int ai, float[] b, int bi, int n) {
    FloatVector s = zero(F32);
    FloatVector t = zero(F32);
    for (int i = 0; i < n; i += 2 * LANES) {
      s = fromArray(F32, a, ai + i).fma(fromArray(F32, b, bi + i), s);
      t = fromArray(F32, a, ai + i + LANES).fma(fromArray(F32, b, bi + i + LANES), t);
    }
    return VectorMath.sum(s.add(t));
  }

  @Override
  public double sumOfSquares(float[] x, int xi, int n) {
    int body = VectorMath.whole(n);
    double[] lanes = new double[F64.length()];
    squares(x, xi, body, lanes);
    double sum = twin.sumOfSquares(x, xi + body, n - body);
    for (double lane : lanes) {
      sum += lane;
    }
    return sum;
  }

  private static void squares(float[] x, int xi, int n, double[] lanes) {
    DoubleVector s = DoubleVector.zero(F64);
    DoubleVector t = DoubleVector.zero(F64);
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      DoubleVector low = (DoubleVector) v.convertShape(VectorOperators.F2D, F64, 0);
      DoubleVector high = (DoubleVector) v.convertShape(VectorOperators.F2D, F64, 1);
      s = low.fma(low, s);
      t = high.fma(high, t);
    }
    s.add(t).intoArray(lanes, 0);
  }

  @Override
  public void sumColumns(float[] x, int xi, int stride, int rows, float[] y, int yi, int n) {
    int groups = n - n % GROUP;
    int body = VectorMath.whole(n);
    for (int j = 0; j < groups; j += GROUP) {
      sumGroup(x, xi + j, stride, rows, y, yi + j);
    }
    for (int j = groups; j < body; j += LANES) {
      sumVector(x, xi + j, stride, rows, y, yi + j);
    }
    twin.sumColumns(x, xi + body, stride, rows, y, yi + body, n - body);
  }

  private static void sumGroup(float[] x, int xi, int stride, int rows, float[] y, int yi) {
    FloatVector a = zero(F32);
    FloatVector b = zero(F32);
    FloatVector c = zero(F32);
    FloatVector d = zero(F32);
    for (int row = 0; row < rows; row++) {
      int at = xi + row * stride;
      a = a.add(fromArray(F32, x, at));
      b = b.add(fromArray(F32, x, at + LANES));
      c = c.add(fromArray(F32, x, at + 2 * LANES));
      d = d.add(fromArray(F32, x, at + 3 * LANES));
    }
    a.intoArray(y, yi);
    b.intoArray(y, yi + LANES);
    c.intoArray(y, yi + 2 * LANES);
    d.intoArray(y, yi + 3 * LANES);
  }

  private static void sumVector(float[] x, int xi, int stride, int rows, float[] y, int yi) {
    FloatVector a = zero(F32);
    for (int row = 0; row < rows; row++) {
      a = a.add(fromArray(F32, x, xi + row * stride));
    }
    a.intoArray(y, yi);
  }

  @Override
  public float max(float[] x, int xi, int n) {
    int pairs = n - n % (2 * LANES);
    float tail = twin.max(x, xi + pairs, n - pairs);
    if (pairs == 0) {
      return tail;
    }
    float max = maxPairs(x, xi, pairs);
    return tail > max ? tail : max;
  }

  private static float maxPairs(float[] x, int xi, int n) {
    FloatVector a = broadcast(F32, Float.NEGATIVE_INFINITY);
    FloatVector b = a;
    for (int i = 0; i < n; i += 2 * LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      FloatVector w = fromArray(F32, x, xi + i + LANES);
      a = a.blend(v, v.compare(VectorOperators.GT, a));
      b = b.blend(w, w.compare(VectorOperators.GT, b));
    }
    return a.max(b).reduceLanes(VectorOperators.MAX); // no NaN here, so any order gives the same
  }

  @Override
  public int indexOf(float[] x, int xi, float value, int n) {
    int body = VectorMath.whole(n);
    int at = value != value ? firstNan(x, xi, body) : firstEqual(x, xi, value, body);
    if (at < body) {
      return at;
    }
    int tail = twin.indexOf(x, xi + body, value, n - body);
    return tail < 0 ? -1 : body + tail;
  }

  private static int firstEqual(float[] x, int xi, float value, int n) {
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> found = fromArray(F32, x, xi + i).compare(VectorOperators.EQ, value);
      if (found.anyTrue()) {
        return i + found.firstTrue();
      }
    }
    return n;
  }

  private static int firstNan(float[] x, int xi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      VectorMask<Float> found = v.compare(VectorOperators.NE, v);
      if (found.anyTrue()) {
        return i + found.firstTrue();
      }
    }
    return n;
  }

  @Override
  public float segmentSumOfExp(float[] x, int xi, float shift, int n) {
    int body = VectorMath.whole(n);
    float tail = twin.segmentSumOfExp(x, xi + body, shift, n - body);
    return body == 0 ? tail : sumOfExpVectors(x, xi, shift, body) + tail;
  }

  private static float sumOfExpVectors(float[] x, int xi, float shift, int n) {
    FloatVector sum = zero(F32);
    for (int i = 0; i < n; i += LANES) {
      sum = sum.add(expBelow(fromArray(F32, x, xi + i).sub(shift)));
    }
    return VectorMath.sum(sum);
  }

  @Override
  public float segmentExp(float[] x, int xi, float shift, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    float tail = twin.segmentExp(x, xi + body, shift, y, yi + body, n - body);
    return body == 0 ? tail : expVectors(x, xi, shift, y, yi, body) + tail;
  }

  private static float expVectors(float[] x, int xi, float shift, float[] y, int yi, int n) {
    FloatVector sum = zero(F32);
    for (int i = 0; i < n; i += LANES) {
      FloatVector e = expBelow(fromArray(F32, x, xi + i).sub(shift));
      e.intoArray(y, yi + i);
      sum = sum.add(e);
    }
    return VectorMath.sum(sum);
  }

  @Override
  public void affine(float[] x, int xi, float factor, float term, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      fromArray(F32, x, xi + i).fma(broadcast(F32, factor), broadcast(F32, term)).intoArray(y, yi + i);
    }
    twin.affine(x, xi + body, factor, term, y, yi + body, n - body);
  }

  @Override
  public void softmaxGradient(float[] y, int yi, float[] dy, int dyi, float dot, boolean accumulate, float[] dx, int dxi,
      int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      FloatVector gradient = fromArray(F32, dy, dyi + i).sub(dot).mul(fromArray(F32, y, yi + i));
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
    twin.softmaxGradient(y, yi + body, dy, dyi + body, dot, accumulate, dx, dxi + body, n - body);
  }

  @Override
  public void logSoftmaxGradient(float[] y, int yi, float[] dy, int dyi, float sum, boolean accumulate, float[] dx, int dxi,
      int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      FloatVector gradient = expBelow(fromArray(F32, y, yi + i)).fma(broadcast(F32, -sum), fromArray(F32, dy, dyi + i));
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
    twin.logSoftmaxGradient(y, yi + body, dy, dyi + body, sum, accumulate, dx, dxi + body, n - body);
  }

  @Override
  public void addScaled(float factor, float[] x, int xi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      fromArray(F32, x, xi + i).fma(broadcast(F32, factor), fromArray(F32, y, yi + i)).intoArray(y, yi + i);
    }
    twin.addScaled(factor, x, xi + body, y, yi + body, n - body);
  }
}
