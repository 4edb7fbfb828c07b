package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static dev.hone.core.kernel.vector.VectorMath.all;
import static dev.hone.core.kernel.vector.VectorMath.load;

import dev.hone.core.kernel.cpu.NormLoops;
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
    FloatVector a = all(0);
    FloatVector b = all(0);
    FloatVector c = all(0);
    FloatVector d = all(0);
    for (int i = 0; i < n; i += GROUP) {
      a = a.add(load(x, xi + i));
      b = b.add(load(x, xi + i + LANES));
      c = c.add(load(x, xi + i + 2 * LANES));
      d = d.add(load(x, xi + i + 3 * LANES));
    }
    return VectorMath.sum(a.add(b).add(c.add(d)));
  }

  static float sumVectors(float[] x, int xi, int n) {
    if (n == 0) {
      return 0;
    }
    FloatVector a = all(0);
    for (int i = 0; i < n; i += LANES) {
      a = a.add(load(x, xi + i));
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
    FloatVector a = all(0);
    FloatVector b = all(0);
    FloatVector c = all(0);
    FloatVector d = all(0);
    for (int i = 0; i < n; i += GROUP) {
      FloatVector s = load(x, xi + i).sub(mean);
      FloatVector t = load(x, xi + i + LANES).sub(mean);
      FloatVector u = load(x, xi + i + 2 * LANES).sub(mean);
      FloatVector v = load(x, xi + i + 3 * LANES).sub(mean);
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
    FloatVector a = all(0);
    for (int i = 0; i < n; i += LANES) {
      FloatVector s = load(x, xi + i).sub(mean);
      a = s.fma(s, a);
    }
    return VectorMath.sum(a);
  }

  @Override
  public void add(float[] x, int xi, float[] residual, int ri, float[] s, int si, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      load(x, xi + i).add(load(residual, ri + i)).intoArray(s, si + i);
    }
    twin.add(x, xi + body, residual, ri + body, s, si + body, n - body);
  }

  @Override
  public void normalize(float[] s, int si, float mean, float rstd, float[] weight, int wi, float[] bias, int bi, float[] y,
      int yi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      FloatVector hat = load(s, si + i).sub(mean).mul(rstd);
      hat.fma(load(weight, wi + i), load(bias, bi + i)).intoArray(y, yi + i);
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
      FloatVector g = load(dy, dyi + pairs).mul(load(weight, wi + pairs));
      sums[0] += VectorMath.sum(g);
      sums[1] += VectorMath.sum(g.mul(load(s, si + pairs).sub(mean)));
    }
  }

  private static void gradientSumPairs(float[] dy, int dyi, float[] s, int si, float mean, float[] weight, int wi,
      float[] sums, int n) {
    FloatVector sum = all(0);
    FloatVector product = all(0);
    FloatVector sum2 = all(0);
    FloatVector product2 = all(0);
    for (int i = 0; i < n; i += 2 * LANES) {
      FloatVector g = load(dy, dyi + i).mul(load(weight, wi + i));
      FloatVector h = load(dy, dyi + i + LANES).mul(load(weight, wi + i + LANES));
      sum = sum.add(g);
      sum2 = sum2.add(h);
      product = load(s, si + i).sub(mean).fma(g, product);
      product2 = load(s, si + i + LANES).sub(mean).fma(h, product2);
    }
    sums[0] += VectorMath.sum(sum.add(sum2));
    sums[1] += VectorMath.sum(product.add(product2));
  }

  @Override
  public void inputGradient(float[] dy, int dyi, float[] s, int si, float mean, float rstd, float[] weight, int wi,
      float slope, float shift, boolean accumulate, float[] dx, int dxi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      FloatVector g = load(dy, dyi + i).mul(load(weight, wi + i));
      FloatVector rest = load(s, si + i).sub(mean).fma(all(slope), all(shift));
      FloatVector gradient = g.fma(all(rstd), rest.neg());
      if (accumulate) {
        gradient.add(load(dx, dxi + i)).intoArray(dx, dxi + i);
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
      FloatVector d = load(dy, dyi + i);
      FloatVector hat = load(s, si + i).sub(mean).mul(rstd);
      d.fma(hat, load(dWeight, dwi + i)).intoArray(dWeight, dwi + i);
      d.add(load(dBias, dbi + i)).intoArray(dBias, dbi + i);
    }
    twin.weightGradients(dy, dyi + body, s, si + body, mean, rstd, dWeight, dwi + body, dBias, dbi + body, n - body);
  }
}
