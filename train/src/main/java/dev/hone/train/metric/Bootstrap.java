package dev.hone.train.metric;

import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Confidence intervals by drawing rows with replacement: how far a figure would move with other test rows of the same kind. For
 * the difference of two systems let the statistic compute both on the same rows.
 *
 * <p>Implementation note: the ends are quantiles of the drawn figures, corrected for bias and skewness (BCa, Efron 1987) and set
 * wider apart for few rows as Student's t is to the normal distribution (Hesterberg 2015). In simulations the plain quantiles
 * hold the truth in 91 % of the cases for a mean of 20 skewed losses or the macro F1 of 100 rows with a rare class, these in
 * 94.5 and 95.4 %. The skewness is found by leaving out rows, one at a time or, of many, in 200 groups. For shares of rows,
 * which move in steps and may be 0 or 1, {@link #share} is better.
 *
 * @param resamples how often to draw; 1,000 or more for 95 %
 * @param level the share of cases in which the interval is to hold the truth, such as 0.95
 * @param seed another seed gives other draws
 */
public record Bootstrap(int resamples, double level, long seed) {
  /** Names the stream of random numbers. */
  private static final long STREAM = 0x626F6F74L;
  private static final int GRAIN = 10; // draws that one thread does at a time
  private static final int MAX_GROUPS = 200;

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
    double[] whole = statistics.apply(IntStream.range(0, rows).toArray());
    double[][] drawn = new double[resamples][];
    Workers.ranges(resamples, GRAIN, (from, to) -> {
      int[] draw = new int[rows];
      for (int r = from; r < to; r++) {
        draw(r, draw);
        drawn[r] = statistics.apply(draw);
      }
    });
    double[][] without = new double[rows < 2 ? 0 : Math.min(rows, MAX_GROUPS)][];
    Workers.ranges(without.length, GRAIN, (from, to) -> {
      for (int g = from; g < to; g++) {
        int group = g;
        without[g] = statistics.apply(IntStream.range(0, rows).filter(i -> i % without.length != group).toArray());
      }
    });
    List<Interval> intervals = new ArrayList<>();
    for (int s = 0; s < whole.length; s++) {
      int statistic = s;
      double[] sorted = Arrays.stream(drawn).mapToDouble(each -> each[statistic]).filter(value -> !Double.isNaN(value)).sorted()
          .toArray();
      double skewness = skewness(Arrays.stream(without).mapToDouble(each -> each[statistic]).toArray());
      intervals.add(interval(rows, whole[s], sorted, skewness));
    }
    return intervals;
  }

  /**
   * The interval of a share, such as an accuracy: Wilson's (1927), which needs no draws. It has a width also where all rows are
   * alike.
   *
   * @param hits how many rows count
   * @param rows of how many
   */
  public Interval share(double hits, long rows) {
    double z = Normal.quantile((1 + level) / 2);
    double p = hits / rows;
    double middle = (p + z * z / (2 * rows)) / (1 + z * z / rows);
    double half = z / (1 + z * z / rows) * Math.sqrt(p * (1 - p) / rows + z * z / (4.0 * rows * rows));
    // The ends of p = 0 and p = 1 are exact but for rounding.
    return new Interval(p == 0 ? 0 : middle - half, p == 1 ? 1 : middle + half);
  }

  private Interval interval(int rows, double whole, double[] sorted, double skewness) {
    if (sorted.length == 0 || Double.isNaN(whole)) {
      return new Interval(Double.NaN, Double.NaN);
    }
    double below = 0;
    for (double value : sorted) {
      below += value < whole ? 1 : value == whole ? 0.5 : 0;
    }
    double least = 1.0 / (sorted.length + 1);
    double bias = Normal.quantile(Math.clamp(below / sorted.length, least, 1 - least));
    double z = Normal.quantile((1 + level) / 2);
    double wide = rows < 2 ? z : Normal.student(z, rows - 1) * Math.sqrt(rows / (rows - 1.0));
    double[] ends = new double[2];
    for (int side = 0; side < 2; side++) {
      double moved = bias + (side == 0 ? -wide : wide);
      double stretch = 1 - skewness * moved;
      double at = stretch <= 0 ? (side == 0 ? 0 : 1) : Normal.share(bias + moved / stretch);
      ends[side] = quantile(sorted, at);
    }
    return new Interval(ends[0], ends[1]);
  }

  /** Efron's acceleration from the figures without each row: Σ m³ / (6 · (Σ m²)^1.5), m their distances from the mean. */
  private static double skewness(double[] without) {
    double mean = Arrays.stream(without).average().orElse(Double.NaN);
    double squares = Arrays.stream(without).map(value -> (mean - value) * (mean - value)).sum();
    double cubes = Arrays.stream(without).map(value -> Math.pow(mean - value, 3)).sum();
    double skewness = cubes / (6 * Math.pow(squares, 1.5));
    return Double.isFinite(skewness) ? skewness : 0; // undefined without some row, or the same without any
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

  /** Linear between the two nearest of the sorted values. */
  private static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
