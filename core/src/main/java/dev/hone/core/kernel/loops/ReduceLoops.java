package dev.hone.core.kernel.loops;

/**
 * Reductions and softmax over one row of {@code n} elements; an index beside an array is where the row starts. Sums of long
 * rows are taken by segments, in float32 within and in float64 across, so that rounding does not grow with the row.
 */
public abstract class ReduceLoops {
  private static final int SEGMENT = 2048;

  /** Σ x. */
  public final double sum(float[] x, int xi, int n) {
    double sum = 0;
    for (int i = 0; i < n; i += SEGMENT) {
      sum += segmentSum(x, xi + i, Math.min(SEGMENT, n - i));
    }
    return sum;
  }

  /** Σ a · b. */
  public final double dot(float[] a, int ai, float[] b, int bi, int n) {
    double sum = 0;
    for (int i = 0; i < n; i += SEGMENT) {
      sum += segmentDot(a, ai + i, b, bi + i, Math.min(SEGMENT, n - i));
    }
    return sum;
  }

  /** Σ e^(x - shift), for shift no less than any x. */
  public final double sumOfExp(float[] x, int xi, float shift, int n) {
    double sum = 0;
    for (int i = 0; i < n; i += SEGMENT) {
      sum += segmentSumOfExp(x, xi + i, shift, Math.min(SEGMENT, n - i));
    }
    return sum;
  }

  /** y = e^(x - shift), for shift no less than any x; returns Σ y. {@code y} may be {@code x}. */
  public final double exp(float[] x, int xi, float shift, float[] y, int yi, int n) {
    double sum = 0;
    for (int i = 0; i < n; i += SEGMENT) {
      sum += segmentExp(x, xi + i, shift, y, yi + i, Math.min(SEGMENT, n - i));
    }
    return sum;
  }

  /** Σ x of a segment. */
  public abstract float segmentSum(float[] x, int xi, int n);

  /** Σ a · b of a segment. */
  public abstract float segmentDot(float[] a, int ai, float[] b, int bi, int n);

  /** Σ e^(x - shift) of a segment. */
  public abstract float segmentSumOfExp(float[] x, int xi, float shift, int n);

  /** y = e^(x - shift) of a segment; returns Σ y. */
  public abstract float segmentExp(float[] x, int xi, float shift, float[] y, int yi, int n);

  /** Σ x² in float64. */
  public abstract double sumOfSquares(float[] x, int xi, int n);

  /** y[j] = Σ x[row · stride + j] over {@code rows} rows, for j below n; {@code y} may be one of those rows. */
  public abstract void sumColumns(float[] x, int xi, int stride, int rows, float[] y, int yi, int n);

  /** The largest element, -∞ if there is none; NaN are passed over. */
  public abstract float max(float[] x, int xi, int n);

  /** Position of the first element that equals {@code value}, or -1; with NaN, of the first NaN. */
  public abstract int indexOf(float[] x, int xi, float value, int n);

  /** y = x · factor + term; {@code y} may be {@code x}. */
  public abstract void affine(float[] x, int xi, float factor, float term, float[] y, int yi, int n);

  /** dx (+)= y · (dy - dot). */
  public abstract void softmaxGradient(float[] y, int yi, float[] dy, int dyi, float dot, boolean accumulate, float[] dx,
      int dxi, int n);

  /** dx (+)= dy - e^y · sum. */
  public abstract void logSoftmaxGradient(float[] y, int yi, float[] dy, int dyi, float sum, boolean accumulate, float[] dx,
      int dxi, int n);

  /** y += factor · x. */
  public abstract void addScaled(float factor, float[] x, int xi, float[] y, int yi, int n);
}
