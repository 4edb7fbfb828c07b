package dev.hone.core.kernel;

import dev.hone.core.Tensor;

/** Steps of optimisers, one pass over memory. */
public interface OptimizerKernels {
  /**
   * AdamW (Loshchilov and Hutter 2019): g' = gradientScale · g; p *= 1 - lr · decay; m = b1 · m + (1 - b1) · g';
   * v = b2 · v + (1 - b2) · g'²; p -= lr / (1 - b1^step) · m / (√v / √(1 - b2^step) + eps).
   *
   * @param parameter p, updated
   * @param gradient g, left alone: of the parameter's shape, or [rows.length, C] of a parameter [V, C]
   * @param rows ascending numbers of the rows that the gradient has; it is zero in the others. Null if it has all
   * @param first m, updated
   * @param second v, updated
   * @param step from 1
   * @param gradientScale from clipping; 1 for none
   */
  void adamW(Tensor parameter, Tensor gradient, int[] rows, Tensor first, Tensor second, int step, double learningRate,
      double beta1, double beta2, double eps, double decay, float gradientScale);

  /** mean += (1 - keep) · (parameter - mean), same shapes. */
  void average(Tensor parameter, float keep, Tensor mean);
}
