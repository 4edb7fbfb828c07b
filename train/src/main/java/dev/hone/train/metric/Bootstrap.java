package dev.hone.train.metric;

import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
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
  private static final int GRAIN = 10; // draws that one thread does at a time

  /** 1,000 draws, 95 %, seed 0. */
  public static final Bootstrap USUAL = new Bootstrap(1000, 0.95, 0);

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
   *     array is used again for the next draw; several threads call at once
   * @return the interval, with NaN bounds if the statistic was never a number
   */
  public Interval interval(int rows, ToDoubleFunction<int[]> statistic) {
    return intervals(rows, drawn -> new double[] {statistic.applyAsDouble(drawn)}).getFirst();
  }

  /** The intervals of several statistics, from the same draws: as {@link #interval}, for each element of the result. */
  public List<Interval> intervals(int rows, Function<int[], double[]> statistics) {
    double[][] values = new double[resamples][];
    Workers.ranges(resamples, GRAIN, (from, to) -> {
      int[] drawn = new int[rows];
      for (int r = from; r < to; r++) {
        draw(r, drawn);
        values[r] = statistics.apply(drawn);
      }
    });
    List<Interval> intervals = new ArrayList<>();
    for (int s = 0; s < values[0].length; s++) {
      int statistic = s;
      double[] sorted = Arrays.stream(values).mapToDouble(each -> each[statistic]).filter(value -> !Double.isNaN(value)).sorted()
          .toArray();
      intervals.add(new Interval(quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)));
    }
    return intervals;
  }

  /** The rows of draw {@code number}, from the seed and the number alone. */
  private void draw(int number, int[] drawn) {
    Philox random = new Philox(seed, Philox.stream(STREAM, number));
    int[] block = new int[4];
    for (int i = 0; i < drawn.length; i++) {
      if ((i & 3) == 0) {
        random.block(i >>> 2, block);
      }
      drawn[i] = (int) (((block[i & 3] & 0xFFFFFFFFL) * drawn.length) >>> 32);
    }
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

  /** Linear between the two nearest of the sorted values. */
  private static double quantile(double[] sorted, double share) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double at = share * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
