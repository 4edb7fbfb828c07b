package dev.hone.core.kernel.cpu;

/** Reductions and softmax over one row of {@code n} elements; an index beside an array is where the row starts. */
public abstract class ReduceLoops {
  /** Σ x. */
  public abstract float sum(float[] x, int xi, int n);

  /** Σ a · b. */
  public abstract float dot(float[] a, int ai, float[] b, int bi, int n);

  /** Σ x² in float64. */
  public abstract double sumOfSquares(float[] x, int xi, int n);

  /** y[j] = Σ x[row · stride + j] over {@code rows} rows, for j below n; {@code y} may be one of those rows. */
  public abstract void sumColumns(float[] x, int xi, int stride, int rows, float[] y, int yi, int n);

  /** The largest element, -∞ if there is none; NaN are passed over. */
  public abstract float max(float[] x, int xi, int n);

  /** Position of the first element that equals {@code value}, or -1; with NaN, of the first NaN. */
  public abstract int indexOf(float[] x, int xi, float value, int n);

  /** Σ e^(x - shift). */
  public abstract float sumOfExp(float[] x, int xi, float shift, int n);

  /** y = e^(x - shift); returns Σ y. {@code y} may be {@code x}. */
  public abstract float exp(float[] x, int xi, float shift, float[] y, int yi, int n);

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
