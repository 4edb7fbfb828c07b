package dev.hone.core.kernel.scalar;

import dev.hone.core.kernel.loops.NormLoops;


/** Loops of norms in plain Java; sums are taken in float64. */
public final class ScalarNormLoops extends NormLoops {
  @Override
  public float sum(float[] x, int xi, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[xi + i];
    }
    return (float) sum;
  }

  @Override
  public float squares(float[] x, int xi, float mean, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double d = x[xi + i] - mean;
      sum += d * d;
    }
    return (float) sum;
  }

  @Override
  public void add(float[] x, int xi, float[] residual, int ri, float[] s, int si, int n) {
    for (int i = 0; i < n; i++) {
      s[si + i] = x[xi + i] + residual[ri + i];
    }
  }

  @Override
  public void normalize(float[] s, int si, float mean, float rstd, float[] weight, int wi, float[] bias, int bi, float[] y,
      int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = (s[si + i] - mean) * rstd * weight[wi + i] + bias[bi + i];
    }
  }

  @Override
  public void gradientSums(float[] dy, int dyi, float[] s, int si, float mean, float[] weight, int wi, float[] sums, int n) {
    double sum = 0;
    double product = 0;
    for (int i = 0; i < n; i++) {
      double g = dy[dyi + i] * weight[wi + i];
      sum += g;
      product += g * (s[si + i] - mean);
    }
    sums[0] = (float) sum;
    sums[1] = (float) product;
  }

  @Override
  public void inputGradient(float[] dy, int dyi, float[] s, int si, float mean, float rstd, float[] weight, int wi,
      float slope, float shift, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i++) {
      float gradient = rstd * dy[dyi + i] * weight[wi + i] - (s[si + i] - mean) * slope - shift;
      dx[dxi + i] = accumulate ? dx[dxi + i] + gradient : gradient;
    }
  }

  @Override
  public void weightGradients(float[] dy, int dyi, float[] s, int si, float mean, float rstd, float[] dWeight, int dwi,
      float[] dBias, int dbi, int n) {
    for (int i = 0; i < n; i++) {
      dWeight[dwi + i] += dy[dyi + i] * (s[si + i] - mean) * rstd;
      dBias[dbi + i] += dy[dyi + i];
    }
  }
}
