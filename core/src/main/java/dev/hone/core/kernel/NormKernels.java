package dev.hone.core.kernel;

import dev.hone.core.Tensor;

/** Normalisation of rows. */
public interface NormKernels {
  /**
   * y = (s - mean(s)) / √(var(s) + eps) · weight + bias with s = x + residual.
   *
   * @param x [N, C]
   * @param residual [N, C] or null
   * @param weight [C] or null for ones
   * @param bias [C] or null for zeros
   * @param sum [N, C], receives s; null if there is no residual
   * @param y [N, C]; may be {@code x}
   * @param mean [N], for the backward pass, or null
   * @param rstd [N], 1 / √(var + eps), or null
   */
  void layerNorm(Tensor x, Tensor residual, Tensor weight, Tensor bias, float eps, Tensor sum, Tensor y, Tensor mean,
      Tensor rstd);

  /**
   * Gradient of {@link #layerNorm} by s.
   *
   * @param s what was normalised, [N, C]
   * @param accumulate whether to add to {@code dx}
   * @param dx [N, C] or null; may be {@code dy} unless accumulating
   * @param dWeight [C], always added to, or null
   * @param dBias [C], always added to, or null
   */
  void layerNormBackward(Tensor dy, Tensor s, Tensor weight, Tensor mean, Tensor rstd, boolean accumulate, Tensor dx,
      Tensor dWeight, Tensor dBias);

  /**
   * y = s / √(mean(s²) + eps) · (weight + weightOffset) with s = x + residual.
   *
   * @param x [N, C], or [N, H · D] normalised per head if {@code weight} is [D]: rows have the width of the weight
   * @param residual like x, or null
   * @param weight [C] or [D]
   * @param weightOffset 0, or 1 for Gemma
   * @param sum receives s; null if there is no residual
   * @param y like x
   * @param rstd one number per normalised row, or null
   */
  void rmsNorm(Tensor x, Tensor residual, Tensor weight, float weightOffset, float eps, Tensor sum, Tensor y, Tensor rstd);

  /** Gradient of {@link #rmsNorm} by s; parameters as in {@link #layerNormBackward}. */
  void rmsNormBackward(Tensor dy, Tensor s, Tensor weight, float weightOffset, Tensor rstd, boolean accumulate, Tensor dx,
      Tensor dWeight);

  /**
   * Norms of the rows of W + scale · B · A without forming it: n_o² = |W_o|² + 2 · scale · B_o · T_o + scale² · B_o · G · B_o,
   * in float64.
   *
   * @param squares |W_o|², [out]
   * @param b [out, R]
   * @param t A · Wᵀ, [R, out]
   * @param g A · Aᵀ, [R, R]
   * @param numerator [out], what is divided by the norms; null for the norms themselves
   * @param y [out]
   */
  void lowRankNorms(double[] squares, Tensor b, Tensor t, Tensor g, double scale, Tensor numerator, Tensor y);
}
