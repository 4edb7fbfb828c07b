package dev.hone.core.kernel.loops;

/** Loops over one row of {@code n} elements; an index beside an array is where the row starts. */
public abstract class NormLoops {
  /** Σ x. */
  public abstract float sum(float[] x, int xi, int n);

  /** Σ (x - mean)². */
  public abstract float squares(float[] x, int xi, float mean, int n);

  /** s = x + residual. */
  public abstract void add(float[] x, int xi, float[] residual, int ri, float[] s, int si, int n);

  /** y = (s - mean) · rstd · weight + bias. */
  public abstract void normalize(float[] s, int si, float mean, float rstd, float[] weight, int wi, float[] bias, int bi,
      float[] y, int yi, int n);

  /** Σ dy · weight and Σ dy · weight · (s - mean), into {@code sums[0]} and {@code sums[1]}. */
  public abstract void gradientSums(float[] dy, int dyi, float[] s, int si, float mean, float[] weight, int wi,
      float[] sums, int n);

  /** dx (+)= rstd · dy · weight - (s - mean) · slope - shift. */
  public abstract void inputGradient(float[] dy, int dyi, float[] s, int si, float mean, float rstd, float[] weight, int wi,
      float slope, float shift, boolean accumulate, float[] dx, int dxi, int n);

  /** dWeight += dy · (s - mean) · rstd and dBias += dy. */
  public abstract void weightGradients(float[] dy, int dyi, float[] s, int si, float mean, float rstd, float[] dWeight,
      int dwi, float[] dBias, int dbi, int n);
}
