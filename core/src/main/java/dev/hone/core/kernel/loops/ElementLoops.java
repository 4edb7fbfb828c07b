package dev.hone.core.kernel.loops;

import dev.hone.core.kernel.ElementRule;

/**
 * The rules of {@link ElementRule} other than AdamW over {@code n} neighbouring elements; an index beside an array is where they
 * start. In plain Java for all CPUs: a compiler makes vectors of each loop, and no two operations are rounded as one.
 */
public final class ElementLoops {
  private ElementLoops() {}

  /** Moves elements; states that are absent are null. */
  public static void step(ElementRule rule, float[] c, float[] p, int pi, float[] g, int gi, float[] a, int ai, float[] b, int bi,
      float[] top, int ti, int n) {
    switch (rule) {
      case ADAM -> adam(c, p, pi, g, gi, a, ai, b, bi, n);
      case AMSGRAD -> amsgrad(c, p, pi, g, gi, a, ai, b, bi, top, ti, n);
      case ADAMAX -> adamax(c, p, pi, g, gi, a, ai, b, bi, n);
      case ADADELTA -> adadelta(c, p, pi, g, gi, a, ai, b, bi, n);
      case ADAGRAD -> adagrad(c, p, pi, g, gi, a, ai, n);
      case LION -> lion(c, p, pi, g, gi, a, ai, n);
      case NADAM -> nadam(c, p, pi, g, gi, a, ai, b, bi, n);
      case RMSPROP -> rmsprop(c, p, pi, g, gi, a, ai, b, bi, top, ti, n);
      case SGD -> {
        if (a == null) {
          descend(c[0], c[1], c[2], p, pi, g, gi, n);
        } else {
          sgd(c, p, pi, g, gi, a, ai, n);
        }
      }
      case MOMENTUM -> momentum(c, p, pi, g, gi, a, ai, n);
      case ALONG -> along(c[0], c[1], p, pi, g, gi, n);
      case FOLLOW -> follow(c[0], c[1], c[2], p, pi, g, gi, a, ai, n);
      case ADAMW -> throw new IllegalArgumentException("AdamW has loops of its own");
    }
  }

  private static void adam(float[] c, float[] p, int pi, float[] g, int gi, float[] m, int mi, float[] v, int vi, int n) {
    float scale = c[0];
    float joins = c[1];
    float keep = c[2];
    float beta1 = c[3];
    float beta2 = c[4];
    float rest1 = c[5];
    float rest2 = c[6];
    float size = c[7];
    float root = c[8];
    float eps = c[9];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i] + joins * p[pi + i];
      float mean = beta1 * m[mi + i] + rest1 * x;
      float square = beta2 * v[vi + i] + rest2 * x * x;
      m[mi + i] = mean;
      v[vi + i] = square;
      p[pi + i] = keep * p[pi + i] - size * mean / ((float) Math.sqrt(square) * root + eps);
    }
  }

  private static void amsgrad(float[] c, float[] p, int pi, float[] g, int gi, float[] m, int mi, float[] v, int vi, float[] top,
      int ti, int n) {
    float scale = c[0];
    float joins = c[1];
    float keep = c[2];
    float beta1 = c[3];
    float beta2 = c[4];
    float rest1 = c[5];
    float rest2 = c[6];
    float size = c[7];
    float root = c[8];
    float eps = c[9];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i] + joins * p[pi + i];
      float mean = beta1 * m[mi + i] + rest1 * x;
      float square = beta2 * v[vi + i] + rest2 * x * x;
      float largest = Math.max(top[ti + i], square);
      m[mi + i] = mean;
      v[vi + i] = square;
      top[ti + i] = largest;
      p[pi + i] = keep * p[pi + i] - size * mean / ((float) Math.sqrt(largest) * root + eps);
    }
  }

  private static void adamax(float[] c, float[] p, int pi, float[] g, int gi, float[] m, int mi, float[] u, int ui, int n) {
    float scale = c[0];
    float joins = c[1];
    float beta1 = c[2];
    float beta2 = c[3];
    float rest1 = c[4];
    float size = c[5];
    float eps = c[6];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i] + joins * p[pi + i];
      float mean = beta1 * m[mi + i] + rest1 * x;
      float largest = Math.max(beta2 * u[ui + i], Math.abs(x) + eps);
      m[mi + i] = mean;
      u[ui + i] = largest;
      p[pi + i] -= size * mean / largest;
    }
  }

  private static void adadelta(float[] c, float[] p, int pi, float[] g, int gi, float[] squares, int si, float[] steps, int di,
      int n) {
    float scale = c[0];
    float joins = c[1];
    float keep = c[2];
    float rest = c[3];
    float size = c[4];
    float eps = c[5];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i] + joins * p[pi + i];
      float square = keep * squares[si + i] + rest * x * x;
      float delta = (float) Math.sqrt(steps[di + i] + eps) / (float) Math.sqrt(square + eps) * x;
      squares[si + i] = square;
      steps[di + i] = keep * steps[di + i] + rest * delta * delta;
      p[pi + i] -= size * delta;
    }
  }

  private static void adagrad(float[] c, float[] p, int pi, float[] g, int gi, float[] sums, int si, int n) {
    float scale = c[0];
    float joins = c[1];
    float size = c[2];
    float eps = c[3];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i] + joins * p[pi + i];
      float sum = sums[si + i] + x * x;
      sums[si + i] = sum;
      p[pi + i] -= size * x / ((float) Math.sqrt(sum) + eps);
    }
  }

  private static void lion(float[] c, float[] p, int pi, float[] g, int gi, float[] m, int mi, int n) {
    float scale = c[0];
    float keep = c[1];
    float beta1 = c[2];
    float beta2 = c[3];
    float rest1 = c[4];
    float rest2 = c[5];
    float size = c[6];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i];
      float direction = beta1 * m[mi + i] + rest1 * x;
      p[pi + i] = keep * p[pi + i] - size * Math.signum(direction);
      m[mi + i] = beta2 * m[mi + i] + rest2 * x;
    }
  }

  private static void nadam(float[] c, float[] p, int pi, float[] g, int gi, float[] m, int mi, float[] v, int vi, int n) {
    float scale = c[0];
    float joins = c[1];
    float keep = c[2];
    float beta1 = c[3];
    float beta2 = c[4];
    float rest1 = c[5];
    float rest2 = c[6];
    float ofGradient = c[7];
    float ofMean = c[8];
    float root = c[9];
    float eps = c[10];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i] + joins * p[pi + i];
      float mean = beta1 * m[mi + i] + rest1 * x;
      float square = beta2 * v[vi + i] + rest2 * x * x;
      m[mi + i] = mean;
      v[vi + i] = square;
      p[pi + i] = keep * p[pi + i] - (ofGradient * x + ofMean * mean) / ((float) Math.sqrt(square) * root + eps);
    }
  }

  private static void rmsprop(float[] c, float[] p, int pi, float[] g, int gi, float[] squares, int si, float[] means, int mi,
      float[] sums, int ti, int n) {
    float scale = c[0];
    float joins = c[1];
    float keep = c[2];
    float rest = c[3];
    float rolls = c[4];
    float size = c[5];
    float eps = c[6];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i] + joins * p[pi + i];
      float square = keep * squares[si + i] + rest * x * x;
      squares[si + i] = square;
      float around = 0;
      if (means != null) {
        around = keep * means[mi + i] + rest * x;
        means[mi + i] = around;
      }
      float step = x / ((float) Math.sqrt(square - around * around) + eps);
      if (sums != null) {
        step = rolls * sums[ti + i] + step;
        sums[ti + i] = step;
      }
      p[pi + i] -= size * step;
    }
  }

  private static void descend(float scale, float joins, float size, float[] p, int pi, float[] g, int gi, int n) {
    for (int i = 0; i < n; i++) {
      p[pi + i] -= size * (scale * g[gi + i] + joins * p[pi + i]);
    }
  }

  private static void sgd(float[] c, float[] p, int pi, float[] g, int gi, float[] sums, int si, int n) {
    float scale = c[0];
    float joins = c[1];
    float size = c[2];
    float keep = c[3];
    float enters = c[4];
    float now = c[5];
    float ofSum = c[6];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i] + joins * p[pi + i];
      float sum = keep * sums[si + i] + enters * x;
      sums[si + i] = sum;
      p[pi + i] -= size * (now * x + ofSum * sum);
    }
  }

  private static void momentum(float[] c, float[] p, int pi, float[] g, int gi, float[] m, int mi, int n) {
    float scale = c[0];
    float keep = c[1];
    float rest = c[2];
    float ofGradient = c[3];
    float ofMean = c[4];
    for (int i = 0; i < n; i++) {
      float x = scale * g[gi + i];
      float mean = keep * m[mi + i] + rest * x;
      m[mi + i] = mean;
      p[pi + i] = ofGradient * x + ofMean * mean;
    }
  }

  private static void along(float keep, float size, float[] p, int pi, float[] g, int gi, int n) {
    for (int i = 0; i < n; i++) {
      p[pi + i] = keep * p[pi + i] - size * g[gi + i];
    }
  }

  private static void follow(float keep, float size, float rest, float[] p, int pi, float[] g, int gi, float[] m, int mi, int n) {
    for (int i = 0; i < n; i++) {
      float mean = m[mi + i] + rest * (size * g[gi + i] - m[mi + i]);
      m[mi + i] = mean;
      p[pi + i] = keep * p[pi + i] - mean;
    }
  }
}
