package dev.hone.train.metric;

import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/**
 * Confidence intervals by drawing rows with replacement (percentile bootstrap, Efron 1979): how far a figure would move
 * with other test rows of the same kind. For the difference of two systems let the statistic compute both on the same
 * rows.
 *
 * @param resamples how often to draw; 1,000 or more for 95 %
 * @param level the share of cases in which the interval is to hold the truth, such as 0.95
 * @param seed another seed gives other draws
 */
public record Bootstrap(int resamples, double level, long seed) {
  /** Names the stream of random numbers. */
  private static final long STREAM = 0x626F6F74L;

  /** Checks the numbers. */
  public Bootstrap {
    if (resamples < 2 || !(level > 0 && level < 1)) {
      throw new IllegalArgumentException("Bootstrap: needs 2 resamples or more and a level between 0 and 1, got "
          + resamples + " and " + level);
    }
  }

  /**
   * The interval of a statistic.
   *
   * @param rows the number of rows, 1 or more
   * @param statistic the figure for some rows, given by number, any of them more than once; NaN results are left out. The
   *     array is used again for the next draw
   * @return the interval, with NaN bounds if the statistic was never a number
   */
  public Interval interval(int rows, ToDoubleFunction<int[]> statistic) {
    int[] drawn = new int[rows];
    int[] block = new int[4];
    double[] values = new double[resamples];
    int n = 0;
    for (int r = 0; r < resamples; r++) {
      Philox random = new Philox(seed, Philox.stream(STREAM, r));
      for (int i = 0; i < rows; i++) {
        if ((i & 3) == 0) {
          random.block(i >>> 2, block);
        }
        drawn[i] = (int) (((block[i & 3] & 0xFFFFFFFFL) * rows) >>> 32);
      }
      double value = statistic.applyAsDouble(drawn);
      if (!Double.isNaN(value)) {
        values[n++] = value;
      }
    }
    Arrays.sort(values, 0, n);
    return new Interval(quantile(values, n, (1 - level) / 2), quantile(values, n, (1 + level) / 2));
  }

  /**
   * An interval.
   *
   * @param low its lower end
   * @param high its upper end
   */
  public record Interval(double low, double high) {
    /** Whether {@code value} lies in it, ends included. */
    public boolean contains(double value) {
      return value >= low && value <= high;
    }
  }

  /** Linear between the two nearest of the first {@code n} sorted values. */
  private static double quantile(double[] sorted, int n, double share) {
    if (n == 0) {
      return Double.NaN;
    }
    double at = share * (n - 1);
    int below = (int) at;
    int above = Math.min(n - 1, below + 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
