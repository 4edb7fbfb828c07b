package dev.hone.core.kernel;

import dev.hone.core.Tensor;
import java.util.List;

/** Steps of optimisers, one pass over memory. */
public interface OptimizerKernels {
  /** Moves parameters, each by its own rule; none may be there twice, nor be another's gradient or state. */
  void step(List<ElementStep> steps);

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
  default void adamW(Tensor parameter, Tensor gradient, int[] rows, Tensor first, Tensor second, int step, double learningRate,
      double beta1, double beta2, double eps, double decay, float gradientScale) {
    step(List.of(new ElementStep(ElementRule.ADAMW,
        adamWNumbers(step, learningRate, beta1, beta2, eps, decay, gradientScale), parameter, gradient, rows, first, second)));
  }

  /** The numbers of {@link ElementRule#ADAMW}, rounded once from float64. */
  static float[] adamWNumbers(long step, double learningRate, double beta1, double beta2, double eps, double decay,
      float gradientScale) {
    if (step < 1) {
      throw new IllegalArgumentException("adamW: step counts from 1, got " + step);
    }
    return new float[] {gradientScale, (float) (1 - learningRate * decay), (float) beta1, (float) beta2, (float) (1 - beta1),
        (float) (1 - beta2), (float) (learningRate / (1 - Math.pow(beta1, step))),
        (float) (1 / Math.sqrt(1 - Math.pow(beta2, step))), (float) eps};
  }

  /**
   * {@link ElementRule#ADAMW} whose means are bytes: blocks of {@link ByteTable#BLOCK} elements have a scale each (Dettmers and
   * others 2022).
   *
   * @param numbers of the rule
   * @param first codes of m by {@link ByteTable#SIGNED}, a byte for each element, updated
   * @param firstScale [blocks], updated
   * @param second codes of v by {@link ByteTable#UNSIGNED}, updated
   * @param secondScale [blocks], updated
   */
  void adamW8bit(float[] numbers, Tensor parameter, Tensor gradient, Tensor first, Tensor firstScale, Tensor second,
      Tensor secondScale);

  /**
   * Adafactor's direction (Shazeer and Stern 2018) of x = scale · g: the mean of squares takes in a share of x² + floor, and
   * u = x / √max(least, mean). Of a matrix [R, C], to which leading axes count as rows, only the means of rows and of columns are
   * kept, and row · column / max(leastMean, mean of all) stands for an element's.
   *
   * @param gradient g, left alone
   * @param row [R], updated; where {@code column} is null the mean of each element
   * @param column [C], updated; null for a gradient of less than two axes
   * @param u of the gradient's shape, overwritten
   */
  void factored(Tensor gradient, float scale, double share, double floor, double leastMean, double least, Tensor row,
      Tensor column, Tensor u);

  /** mean += (1 - keep) · (parameter - mean), same shapes. */
  void average(Tensor parameter, float keep, Tensor mean);
}
