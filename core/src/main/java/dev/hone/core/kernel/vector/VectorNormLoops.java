package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;
import static jdk.incubator.vector.FloatVector.zero;

import dev.hone.core.kernel.loops.NormLoops;
import dev.hone.core.kernel.scalar.ScalarNormLoops;
import jdk.incubator.vector.FloatVector;

/**
 * Norms on vectors. Sums run in four accumulators, so that they wait for loads and not for one another's additions; what is
 * left of a row after whole groups of vectors goes vector by vector, then to the scalar twin.
 */
public final class VectorNormLoops extends NormLoops {
  private static final int GROUP = 4 * LANES;

  private final ScalarNormLoops twin = new ScalarNormLoops();

  @Override
  public float sum(float[] x, int xi, int n) {
    int groups = n - n % GROUP;
    int body = VectorMath.whole(n);
    return sumGroups(x, xi, groups) + sumVectors(x, xi + groups, body - groups) + twin.sum(x, xi + body, n - body);
  }

  static float sumGroups(float[] x, int xi, int n) {
    FloatVector a = zero(F32);
    FloatVector b = zero(F32);
    FloatVector c = zero(F32);
    FloatVector d = zero(F32);
    for (int i = 0; i < n; i += GROUP) {
      a = a.add(fromArray(F32, x, xi + i));
      b = b.add(fromArray(F32, x, xi + i + LANES));
      c = c.add(fromArray(F32, x, xi + i + 2 * LANES));
      d = d.add(fromArray(F32, x, xi + i + 3 * LANES));
    }
    return VectorMath.sum(a.add(b).add(c.add(d)));
  }

  static float sumVectors(float[] x, int xi, int n) {
    if (n == 0) {
      return 0;
    }
    FloatVector a = zero(F32);
    for (int i = 0; i < n; i += LANES) {
      a = a.add(fromArray(F32, x, xi + i));
    }
    return VectorMath.sum(a);
  }

  @Override
  public float squares(float[] x, int xi, float mean, int n) {
    int groups = n - n % GROUP;
    int body = VectorMath.whole(n);
    return squareGroups(x, xi, mean, groups) + squareVectors(x, xi + groups, mean, body - groups)
        + twin.squares(x, xi + body, mean, n - body);
  }

  private static float squareGroups(float[] x, int xi, float mean, int n) {
    FloatVector a = zero(F32);
    FloatVector b = zero(F32);
    FloatVector c = zero(F32);
    FloatVector d = zero(F32);
    for (int i = 0; i < n; i += GROUP) {
      FloatVector s = fromArray(F32, x, xi + i).sub(mean);
      FloatVector t = fromArray(F32, x, xi + i + LANES).sub(mean);
      FloatVector u = fromArray(F32, x, xi + i + 2 * LANES).sub(mean);
      FloatVector v = fromArray(F32, x, xi + i + 3 * LANES).sub(mean);
      a = s.fma(s, a);
      b = t.fma(t, b);
      c = u.fma(u, c);
      d = v.fma(v, d);
    }
    return VectorMath.sum(a.add(b).add(c.add(d)));
  }

  private static float squareVectors(float[] x, int xi, float mean, int n) {
    if (n == 0) {
      return 0;
    }
    FloatVector a = zero(F32);
    for (int i = 0; i < n; i += LANES) {
      FloatVector s = fromArray(F32, x, xi + i).sub(mean);
      a = s.fma(s, a);
    }
    return VectorMath.sum(a);
  }

  @Override
  public void add(float[] x, int xi, float[] residual, int ri, float[] s, int si, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      fromArray(F32, x, xi + i).add(fromArray(F32, residual, ri + i)).intoArray(s, si + i);
    }
    twin.add(x, xi + body, residual, ri + body, s, si + body, n - body);
  }

  @Override
  public void normalize(float[] s, int si, float mean, float rstd, float[] weight, int wi, float[] bias, int bi, float[] y,
      int yi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      FloatVector hat = fromArray(F32, s, si + i).sub(mean).mul(rstd);
      hat.fma(fromArray(F32, weight, wi + i), fromArray(F32, bias, bi + i)).intoArray(y, yi + i);
    }
    twin.normalize(s, si + body, mean, rstd, weight, wi + body, bias, bi + body, y, yi + body, n - body);
  }

  @Override
  public void gradientSums(float[] dy, int dyi, float[] s, int si, float mean, float[] weight, int wi, float[] sums, int n) {
    int body = VectorMath.whole(n);
    int pairs = body - body % (2 * LANES);
    twin.gradientSums(dy, dyi + body, s, si + body, mean, weight, wi + body, sums, n - body);
    gradientSumPairs(dy, dyi, s, si, mean, weight, wi, sums, pairs);
    if (pairs < body) {
      FloatVector g = fromArray(F32, dy, dyi + pairs).mul(fromArray(F32, weight, wi + pairs));
      sums[0] += VectorMath.sum(g);
      sums[1] += VectorMath.sum(g.mul(fromArray(F32, s, si + pairs).sub(mean)));
    }
  }

  private static void gradientSumPairs(float[] dy, int dyi, float[] s, int si, float mean, float[] weight, int wi,
      float[] sums, int n) {
    FloatVector sum = zero(F32);
    FloatVector product = zero(F32);
    FloatVector sum2 = zero(F32);
    FloatVector product2 = zero(F32);
    for (int i = 0; i < n; i += 2 * LANES) {
      FloatVector g = fromArray(F32, dy, dyi + i).mul(fromArray(F32, weight, wi + i));
      FloatVector h = fromArray(F32, dy, dyi + i + LANES).mul(fromArray(F32, weight, wi + i + LANES));
      sum = sum.add(g);
      sum2 = sum2.add(h);
      product = fromArray(F32, s, si + i).sub(mean).fma(g, product);
      product2 = fromArray(F32, s, si + i + LANES).sub(mean).fma(h, product2);
    }
    sums[0] += VectorMath.sum(sum.add(sum2));
    sums[1] += VectorMath.sum(product.add(product2));
  }

  @Override
  public void inputGradient(float[] dy, int dyi, float[] s, int si, float mean, float rstd, float[] weight, int wi,
      float slope, float shift, boolean accumulate, float[] dx, int dxi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      FloatVector g = fromArray(F32, dy, dyi + i).mul(fromArray(F32, weight, wi + i));
      FloatVector rest = fromArray(F32, s, si + i).sub(mean).fma(broadcast(F32, slope), broadcast(F32, shift));
      FloatVector gradient = g.fma(broadcast(F32, rstd), rest.neg());
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
    twin.inputGradient(dy, dyi + body, s, si + body, mean, rstd, weight, wi + body, slope, shift, accumulate, dx, dxi + body,
        n - body);
  }

  @Override
  public void weightGradients(float[] dy, int dyi, float[] s, int si, float mean, float rstd, float[] dWeight, int dwi,
      float[] dBias, int dbi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      FloatVector d = fromArray(F32, dy, dyi + i);
      FloatVector hat = fromArray(F32, s, si + i).sub(mean).mul(rstd);
      d.fma(hat, fromArray(F32, dWeight, dwi + i)).intoArray(dWeight, dwi + i);
      d.add(fromArray(F32, dBias, dbi + i)).intoArray(dBias, dbi + i);
    }
    twin.weightGradients(dy, dyi + body, s, si + body, mean, rstd, dWeight, dwi + body, dBias, dbi + body, n - body);
  }
}
