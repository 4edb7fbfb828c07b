package dev.hone.core.kernel.scalar;

import dev.hone.core.kernel.loops.ReduceLoops;


/** Reductions in plain Java; sums are taken in float64. */
public final class ScalarReduceLoops extends ReduceLoops {
  @Override
  public float segmentSum(float[] x, int xi, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x[xi + i];
    }
    return (float) sum;
  }

  @Override
  public float segmentDot(float[] a, int ai, float[] b, int bi, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) a[ai + i] * b[bi + i];
    }
    return (float) sum;
  }

  @Override
  public double sumOfSquares(float[] x, int xi, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) x[xi + i] * x[xi + i];
    }
    return sum;
  }

  @Override
  public void sumColumns(float[] x, int xi, int stride, int rows, float[] y, int yi, int n) {
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int row = 0; row < rows; row++) {
        sum += x[xi + row * stride + j];
      }
      y[yi + j] = (float) sum;
    }
  }

  @Override
  public float max(float[] x, int xi, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = x[xi + i] > max ? x[xi + i] : max;
    }
    return max;
  }

  @Override
  public int indexOf(float[] x, int xi, float value, int n) {
    boolean nan = value != value;
    for (int i = 0; i < n; i++) {
      float candidate = x[xi + i];
      if (nan ? candidate != candidate : candidate == value) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public float segmentSumOfExp(float[] x, int xi, float shift, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += ScalarMath.expBelow(x[xi + i] - shift);
    }
    return (float) sum;
  }

  @Override
  public float segmentExp(float[] x, int xi, float shift, float[] y, int yi, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      float e = ScalarMath.expBelow(x[xi + i] - shift);
      y[yi + i] = e;
      sum += e;
    }
    return (float) sum;
  }

  @Override
  public void affine(float[] x, int xi, float factor, float term, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = x[xi + i] * factor + term;
    }
  }

  @Override
  public void softmaxGradient(float[] y, int yi, float[] dy, int dyi, float dot, boolean accumulate, float[] dx, int dxi,
      int n) {
    for (int i = 0; i < n; i++) {
      float gradient = y[yi + i] * (dy[dyi + i] - dot);
      dx[dxi + i] = accumulate ? dx[dxi + i] + gradient : gradient;
    }
  }

  @Override
  public void logSoftmaxGradient(float[] y, int yi, float[] dy, int dyi, float sum, boolean accumulate, float[] dx, int dxi,
      int n) {
    for (int i = 0; i < n; i++) {
      float gradient = dy[dyi + i] - ScalarMath.exp(y[yi + i]) * sum;
      dx[dxi + i] = accumulate ? dx[dxi + i] + gradient : gradient;
    }
  }

  @Override
  public void addScaled(float factor, float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] += factor * x[xi + i];
    }
  }
}
