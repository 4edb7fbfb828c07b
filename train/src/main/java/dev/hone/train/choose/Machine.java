package dev.hone.train.choose;

import dev.hone.autograd.GradMode;
import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * How fast this machine multiplies, measured for about a second.
 *
 * @param operations floating point operations in a second
 */
public record Machine(double operations) {
  /** Of the rate of a single product, what training reaches: norms, attention and memory take the rest. */
  private static final double SHARE = 0.6;
  private static final int ROWS = 256;
  private static final int WIDTH = 768;
  private static final int TIMES = 60;

  /** Measures. */
  public static Machine measured() {
    return measured(System::nanoTime);
  }

  /** The best of several products, since the first ones run while code is still compiled. */
  static Machine measured(LongSupplier clock) {
    float[] numbers = new float[WIDTH * WIDTH];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (i % 13 - 6) / 8f;
    }
    Variable left = Variable.constant(Tensor.of(Arrays.copyOf(numbers, ROWS * WIDTH), ROWS, WIDTH));
    Variable right = Variable.constant(Tensor.of(numbers, WIDTH, WIDTH));
    long best = Long.MAX_VALUE;
    for (int i = 0; i < TIMES; i++) {
      try (Scope _ = Scope.open(); GradMode _ = GradMode.disabled()) {
        long begun = clock.getAsLong();
        MatMulOps.matmul(left, right).value();
        best = Math.min(best, Math.max(1, clock.getAsLong() - begun));
      }
    }
    return new Machine(2.0 * ROWS * WIDTH * WIDTH / best * 1e9);
  }

  /** About how many tokens of a base are trained in a second. */
  public double tokensPerSecond(Base base) {
    return SHARE * operations / base.operations();
  }
}
