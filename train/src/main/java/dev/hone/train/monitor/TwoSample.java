package dev.hone.train.monitor;

import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Whether two sets of rows are of one kind, by several distances at once: the rows are dealt out anew to the two sets many
 * times, and a distance counts where hardly a deal gives a larger one. Exact whatever the distances and however they hang
 * together: if the rows are of one kind, the chance that any p value is at most α is at most α.
 *
 * <p>Implementation note: the p values are those of the smallest p of each deal (Westfall and Young 1993, single step), so that
 * many distances cost no false alarms.
 */
final class TwoSample {
  private final int first;
  private final int all;
  private final int deals;
  private final long seed;

  /**
   * @param first rows of the first set; they come before those of the second
   * @param second rows of the second set
   */
  TwoSample(int first, int second, int deals, long seed) {
    this.first = first;
    this.all = first + second;
    this.deals = deals;
    this.seed = seed;
  }

  /**
   * A distance.
   *
   * @param value of the sets as they are
   * @param usual what nineteen of twenty deals stay below
   * @param mean over the deals
   * @param p how likely any of the distances would be as rare among rows of one kind
   */
  record Distance(double value, double usual, double mean, double p) {}

  /** The distances; each is a function of the rows of the second set, whose array is used again. */
  List<Distance> compare(List<ToDoubleFunction<int[]>> distances) {
    double[][] values = new double[distances.size()][deals + 1]; // the last are the sets as they are
    int[] order = IntStream.range(0, all).toArray();
    int[] second = new int[all - first];
    for (int deal = 0; deal <= deals; deal++) {
      if (deal < deals) {
        shuffle(order, deal);
      } else {
        Arrays.setAll(order, i -> i);
      }
      System.arraycopy(order, first, second, 0, second.length);
      for (int d = 0; d < values.length; d++) {
        values[d][deal] = distances.get(d).applyAsDouble(second);
      }
    }
    double[] smallest = new double[deals + 1];
    Arrays.fill(smallest, 1);
    double[][] own = new double[values.length][];
    for (int d = 0; d < values.length; d++) {
      own[d] = shares(values[d]);
      for (int deal = 0; deal <= deals; deal++) {
        smallest[deal] = Math.min(smallest[deal], own[d][deal]);
      }
    }
    Distance[] found = new Distance[values.length];
    for (int d = 0; d < values.length; d++) {
      double p = own[d][deals];
      double[] dealt = Arrays.copyOf(values[d], deals);
      Arrays.sort(dealt);
      found[d] = new Distance(values[d][deals], dealt[(int) Math.ceil(0.95 * deals) - 1],
          Arrays.stream(dealt).average().orElse(0),
          Arrays.stream(smallest).filter(least -> least <= p).count() / (deals + 1.0));
    }
    return List.of(found);
  }

  /** Of each value the share of values that are at least as large. */
  private static double[] shares(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double[] shares = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int below = Arrays.binarySearch(sorted, values[i]);
      while (below > 0 && sorted[below - 1] == values[i]) {
        below--;
      }
      shares[i] = (values.length - below) / (double) values.length;
    }
    return shares;
  }

  private void shuffle(int[] order, int deal) {
    Philox random = new Philox(seed, Philox.stream(0x6465616CL, deal));
    for (int i = all - 1; i > 0; i--) {
      int other = (int) (random.uniform(i) * (i + 1));
      int row = order[i];
      order[i] = order[other];
      order[other] = row;
    }
  }

  /** The largest difference of the two sets' distribution functions (Kolmogorov and Smirnov). */
  static ToDoubleFunction<int[]> largestGap(double[] values, int secondSize) {
    int[] sorted = IntStream.range(0, values.length).boxed().sorted((a, b) -> Double.compare(values[a], values[b]))
        .mapToInt(i -> i).toArray();
    int firstSize = values.length - secondSize;
    return second -> {
      boolean[] isSecond = new boolean[values.length];
      for (int row : second) {
        isSecond[row] = true;
      }
      double most = 0;
      int ones = 0;
      for (int i = 0; i < sorted.length; i++) {
        ones += isSecond[sorted[i]] ? 1 : 0;
        if (i == sorted.length - 1 || values[sorted[i]] != values[sorted[i + 1]]) {
          most = Math.max(most, Math.abs(ones / (double) secondSize - (i + 1 - ones) / (double) firstSize));
        }
      }
      return most;
    };
  }

  /** Half the sum of the differences of the classes' shares: the share of rows that would have to change class. */
  static ToDoubleFunction<int[]> shareOfChange(int[] classes, int count, int secondSize) {
    int[] all = new int[count];
    for (int each : classes) {
      all[each]++;
    }
    double firstSize = classes.length - secondSize;
    return second -> {
      int[] ones = new int[count];
      for (int row : second) {
        ones[classes[row]]++;
      }
      double sum = 0;
      for (int c = 0; c < count; c++) {
        sum += Math.abs(ones[c] / (double) secondSize - (all[c] - ones[c]) / firstSize);
      }
      return sum / 2;
    };
  }

  /**
   * The energy distance of the two sets' vectors (Székely and Rizzo 2004) as a share of the mean distance between them: 0 for
   * rows of one kind, 1 if each set is one point.
   *
   * @param distances [rows, rows], Euclidean
   */
  static ToDoubleFunction<int[]> energy(float[][] distances, int secondSize) {
    double[] sums = new double[distances.length];
    double all = 0;
    for (int i = 0; i < sums.length; i++) {
      for (float distance : distances[i]) {
        sums[i] += distance;
      }
      all += sums[i];
    }
    double total = all;
    double n = secondSize;
    double m = distances.length - n;
    return second -> {
      double within = 0;
      double touching = 0;
      for (int a = 0; a < second.length; a++) {
        touching += sums[second[a]];
        float[] row = distances[second[a]];
        float part = 0;
        for (int b = 0; b < a; b++) {
          part += row[second[b]];
        }
        within += 2.0 * part;
      }
      double between = touching - within;
      double rest = total - 2 * touching + within;
      double mean = between / (n * m);
      return mean == 0 ? 0 : (2 * mean - within / (n * (n - 1)) - rest / (m * (m - 1))) / (2 * mean);
    };
  }
}
