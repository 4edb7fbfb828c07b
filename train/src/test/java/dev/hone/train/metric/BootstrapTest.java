package dev.hone.train.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.random.Philox;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  private static final int SIMULATIONS = 1000;

  /** In 93 to 97 of 100 simulated test sets the 95 % interval holds the truth. */
  private static void assertCovers(int simulations, IntPredicate simulation) {
    long inside = IntStream.range(0, simulations).filter(simulation).count();
    double coverage = inside / (double) simulations;
    assertTrue(coverage >= 0.93 && coverage <= 0.97, "coverage " + coverage);
  }

  private static double share(int[] rows, boolean[] right) {
    int hits = 0;
    for (int row : rows) {
      hits += right[row] ? 1 : 0;
    }
    return hits / (double) rows.length;
  }

  // Loops, not streams, in what is computed a million times.

  private static double mean(double[] values, int[] rows) {
    double sum = 0;
    for (int row : rows) {
      sum += values[row];
    }
    return sum / rows.length;
  }

  private static int[] picked(int[] values, int[] rows) {
    int[] picked = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      picked[i] = values[rows[i]];
    }
    return picked;
  }

  private static boolean[] right(int simulation, int rows, double truth) {
    Philox random = new Philox(5, Philox.stream(1, simulation));
    boolean[] right = new boolean[rows];
    for (int i = 0; i < rows; i++) {
      right[i] = random.uniform(i) < truth;
    }
    return right;
  }

  @Test
  void drawnIntervalsOfAnAccuracyHoldTheTruthAsOftenAsTheySay() {
    assertCovers(SIMULATIONS, s -> {
      boolean[] right = right(s, 150, 0.8);
      return new Bootstrap(500, 0.95, s).interval(150, rows -> share(rows, right)).contains(0.8);
    });
  }

  /** Not simulated: the chances of all numbers of hits among 200 rows are added up where the interval holds the truth. */
  @Test
  void intervalsOfAShareHoldTheTruthAsOftenAsTheySay() {
    int rows = 200;
    for (int percent = 50; percent <= 98; percent++) {
      double truth = percent / 100.0;
      double log = rows * Math.log(1 - truth);
      double coverage = 0;
      for (int hits = 0; hits <= rows; hits++) {
        coverage += Bootstrap.USUAL.share(hits, rows).contains(truth) ? Math.exp(log) : 0;
        log += Math.log((rows - hits) / (hits + 1.0) * truth / (1 - truth));
      }
      assertTrue(coverage >= 0.93 && coverage <= 0.97, "truth " + truth + ", coverage " + coverage);
    }
  }

  @Test
  void intervalsOfMacroF1HoldTheTruthAsOftenAsTheySay() {
    int rows = 150;
    double[] classes = {0.6, 0.3, 0.1};
    // A row is right with 0.75, else one of the others: of class c, 0.75 p(c) hits among p(c) and 0.75 p(c) + 0.125 (1 - p(c)).
    double truth = IntStream.range(0, 3).mapToDouble(c -> 1.5 * classes[c] / (1.75 * classes[c] + 0.125 * (1 - classes[c])))
        .average().orElseThrow();
    assertCovers(600, s -> {
      Philox random = new Philox(6, Philox.stream(2, s));
      int[] actual = IntStream.range(0, rows).map(i -> {
        float u = random.uniform(3L * i);
        return u < 0.6 ? 0 : u < 0.9 ? 1 : 2;
      }).toArray();
      int[] predicted = IntStream.range(0, rows).map(i -> random.uniform(3L * i + 1) < 0.75 ? actual[i]
          : (actual[i] + 1 + random.below(3L * i + 2, 2)) % 3).toArray();
      return new Bootstrap(250, 0.95, s).interval(rows, drawn -> ConfusionMatrix.of(picked(actual, drawn),
          picked(predicted, drawn), 3).scores(Average.MACRO).f1()).contains(truth);
    });
  }

  @Test
  void intervalsOfAMeanLossHoldTheTruthAsOftenAsTheySay() {
    int rows = 60;
    assertCovers(SIMULATIONS, s -> {
      Philox random = new Philox(7, Philox.stream(3, s));
      double[] losses = IntStream.range(0, rows).mapToDouble(i -> -Math.log(1 - random.uniform(i))).toArray(); // skewed, mean 1
      return new Bootstrap(500, 0.95, s).interval(rows, drawn -> mean(losses, drawn)).contains(1);
    });
  }

  @Test
  void intervalsOfADifferenceOfTwoSystemsHoldTheTruthAsOftenAsTheySay() {
    int rows = 150;
    assertCovers(SIMULATIONS, s -> {
      boolean[] one = right(s, rows, 0.7);
      Philox random = new Philox(8, Philox.stream(4, s));
      double[] gain = IntStream.range(0, rows).mapToDouble(i -> !one[i] && random.uniform(i) < 0.5 ? 1 // 0.15 of all are won,
          : one[i] && random.uniform(i) < 0.1 ? -1 : 0).toArray(); // 0.07 lost
      return new Bootstrap(500, 0.95, s).interval(rows, drawn -> mean(gain, drawn)).contains(0.08);
    });
  }

  @Test
  void theSeedAloneDecides() {
    double[] values = {1, 5, 2, 8, 3, 9, 4};
    ToDoubleFunction<int[]> mean = rows -> IntStream.of(rows).mapToDouble(r -> values[r]).average().orElse(0);
    assertEquals(new Bootstrap(200, 0.9, 1).interval(7, mean), new Bootstrap(200, 0.9, 1).interval(7, mean));
    assertNotEquals(new Bootstrap(200, 0.9, 1).interval(7, mean), new Bootstrap(200, 0.9, 2).interval(7, mean));
  }

  @Test
  void manyRowsAreLeftOutInGroupsWithTheSameResult() {
    double[] values = IntStream.range(0, 3000).mapToDouble(i -> -Math.log(1 - new Philox(1, 1).uniform(i))).toArray();
    double mean = IntStream.range(0, 3000).mapToDouble(i -> values[i]).average().orElseThrow();
    Bootstrap.Interval interval = new Bootstrap(2000, 0.95, 3).interval(3000, rows -> IntStream.of(rows)
        .mapToDouble(r -> values[r]).average().orElse(0));
    assertEquals(mean - 1.96 / Math.sqrt(3000), interval.low(), 0.006);
    assertEquals(mean + 1.96 / Math.sqrt(3000), interval.high(), 0.006);
  }

  @Test
  void constantAndUndefinedStatisticsStayWhatTheyAre() {
    assertEquals(new Bootstrap.Interval(3, 3), new Bootstrap(50, 0.95, 1).interval(4, rows -> 3));
    assertEquals(new Bootstrap.Interval(3, 3), new Bootstrap(50, 0.95, 1).interval(1, rows -> 3));
    assertEquals(new Bootstrap.Interval(Double.NaN, Double.NaN), new Bootstrap(50, 0.95, 1).interval(4, rows -> Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new Bootstrap(50, 95, 1));
    Bootstrap.Interval all = Bootstrap.USUAL.share(20, 20); // 1.96² / (20 + 1.96²) below 1
    assertArrayEquals(new double[] {0.83887, 1}, new double[] {all.low(), all.high()}, 1e-4);
    assertEquals(0, Bootstrap.USUAL.share(0, 20).low());
  }

  @Test
  void quantilesAreThoseOfTables() {
    assertEquals(1.959963984540054, Normal.quantile(0.975), 1e-10);
    assertEquals(-2.3263478740408408, Normal.quantile(0.01), 1e-10);
    assertEquals(0.15865525393145707, Normal.share(-1), 1e-14);
    assertEquals(2.262157, Normal.student(1.959963984540054, 9), 1e-3);
    assertEquals(2.009575, Normal.student(1.959963984540054, 49), 1e-5);
  }
}
