package dev.hone.train.optim;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.RowGradient;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Head;
import java.util.Arrays;
import java.util.Collection;

/** All gradients of a step together. */
public final class Gradients {
  private Gradients() {}

  /**
   * Prepares this thread's memory for what all gradients take together at the end of a backward pass: before the first pass.
   *
   * @param head the head, whose gradient the pass makes in that memory, however large
   */
  public static void reserve(Collection<Parameter> parameters, Head head) {
    Parameter projection = head instanceof CausalHead causal ? causal.projection().weight() : null;
    Scope.reserve(parameters.stream().filter(parameter -> parameter.isPooled() || parameter == projection)
        .mapToInt(parameter -> parameter.shape().length()));
  }

  /** The square root of the sum of the squares of all gradients, taken in the order given, in float64. */
  public static double norm(Collection<Parameter> parameters) {
    return Math.sqrt(Arrays.stream(sumsOfSquares(parameters)).reduce(0, Double::sum)); // in order: stream.sum() compensates
  }

  /** Of each parameter's gradient; 0 where there is none. */
  private static double[] sumsOfSquares(Collection<Parameter> parameters) {
    Tensor[] gradients = parameters.stream().filter(Parameter::hasGradient).map(Gradients::numbers).toArray(Tensor[]::new);
    double[] sums = new double[parameters.size()];
    if (gradients.length == 0) {
      return sums;
    }
    double[] found = Kernels.of("gradient norm", gradients[0], gradients).reduce().sumsOfSquares(gradients);
    int at = 0;
    int i = 0;
    for (Parameter parameter : parameters) {
      sums[i++] = parameter.hasGradient() ? found[at++] : 0;
    }
    return sums;
  }

  /** All of a gradient that is not zero. */
  private static Tensor numbers(Parameter parameter) {
    RowGradient rows = parameter.rowGradient();
    return rows == null ? parameter.gradient() : rows.values();
  }

  /** What gradients of this norm are multiplied by so that it does not exceed {@code limit}; 1 if {@code limit} is 0. */
  public static float clipScale(double norm, double limit) {
    return limit <= 0 ? 1 : (float) Math.min(1, limit / (norm + 1e-6)); // the 1e-6 is torch's
  }

  /** The first parameter whose gradient is not finite, or null. */
  public static Parameter firstNotFinite(Collection<Parameter> parameters) {
    double[] sums = sumsOfSquares(parameters);
    int i = 0;
    for (Parameter parameter : parameters) {
      if (!Double.isFinite(sums[i++])) {
        return parameter;
      }
    }
    return null;
  }

  /** Forgets all gradients. */
  public static void clear(Collection<Parameter> parameters) {
    parameters.forEach(Parameter::clearGradient);
  }
}
