package dev.hone.core.kernel;

import dev.hone.core.Tensor;
import java.util.Arrays;

/**
 * Reductions. A tensor is seen as [outer, length, inner]; the middle axis is reduced and results are [outer, inner]. Sums
 * are taken in an order that the sizes alone decide.
 */
public interface ReduceKernels {
  /** y (+)= scale · Σ x over the middle axis. */
  void sum(Tensor x, int outer, int length, int inner, float scale, boolean accumulate, Tensor y);

  /**
   * y = max of x over the middle axis.
   *
   * @param indices receives the first position of each maximum, [outer · inner], or null
   */
  void max(Tensor x, int outer, int length, int inner, Tensor y, int[] indices);

  /** Running sums along the middle axis, from the end if {@code reverse}. */
  void cumulativeSum(Tensor x, int outer, int length, int inner, boolean reverse, Tensor y);

  /** Sum of squares of all elements, in float64: what gradient clipping needs. */
  double sumOfSquares(Tensor x);

  /** {@link #sumOfSquares} of each tensor, in one go: a device answers once. */
  default double[] sumsOfSquares(Tensor... xs) {
    return Arrays.stream(xs).mapToDouble(this::sumOfSquares).toArray();
  }

  /** y = softmax of each row of x, or its logarithm; [N, C]. {@code y} may be {@code x}. */
  void softmax(Tensor x, boolean logarithm, Tensor y);

  /** Gradient of {@link #softmax} from its result y; {@code dx} may be {@code dy} unless accumulating. */
  void softmaxBackward(Tensor y, boolean logarithm, Tensor dy, boolean accumulate, Tensor dx);

  /** y[n] = log Σ e^x over row n; [N, C] -> [N]. */
  void logSumExp(Tensor x, Tensor y);
}
