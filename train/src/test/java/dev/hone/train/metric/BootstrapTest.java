package dev.hone.train.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.random.Philox;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  @Test
  void intervalsOfAnAccuracyHoldTheTruthAsOftenAsTheySay() {
    int simulations = 800;
    int rows = 150;
    double truth = 0.8;
    int inside = 0;
    for (int s = 0; s < simulations; s++) {
      Philox random = new Philox(5, Philox.stream(1, s));
      int[] right = IntStream.range(0, rows).map(i -> random.uniform(i) < truth ? 1 : 0).toArray();
      inside += new Bootstrap(500, 0.95, s).interval(rows, drawn -> {
        int sum = 0;
        for (int row : drawn) {
          sum += right[row];
        }
        return sum / (double) drawn.length;
      }).contains(truth) ? 1 : 0;
    }
    double coverage = inside / (double) simulations;
    assertTrue(coverage >= 0.93 && coverage <= 0.97, "coverage " + coverage);
  }

  @Test
  void intervalsOfMacroF1HoldTheTruthAsOftenAsTheySay() {
    int simulations = 300;
    int rows = 200;
    // Three classes of equal size, a row is right with 0.7, else one of the others: F1 of every class is 0.7.
    int inside = 0;
    for (int s = 0; s < simulations; s++) {
      Philox random = new Philox(6, Philox.stream(2, s));
      int[] actual = IntStream.range(0, rows).map(i -> random.below(3L * i, 3)).toArray();
      int[] predicted = IntStream.range(0, rows).map(i -> random.uniform(3L * i + 1) < 0.7 ? actual[i]
          : (actual[i] + 1 + random.below(3L * i + 2, 2)) % 3).toArray();
      inside += new Bootstrap(400, 0.95, s).interval(rows, drawn -> ConfusionMatrix.of(
          IntStream.of(drawn).map(r -> actual[r]).toArray(), IntStream.of(drawn).map(r -> predicted[r]).toArray(), 3)
          .scores(Average.MACRO).f1()).contains(0.7) ? 1 : 0;
    }
    double coverage = inside / (double) simulations;
    assertTrue(coverage >= 0.92 && coverage <= 0.98, "coverage " + coverage);
  }

  @Test
  void theSeedAloneDecides() {
    double[] values = {1, 5, 2, 8, 3, 9, 4};
    java.util.function.ToDoubleFunction<int[]> mean = rows -> IntStream.of(rows).mapToDouble(r -> values[r]).average().orElse(0);
    assertEquals(new Bootstrap(200, 0.9, 1).interval(7, mean), new Bootstrap(200, 0.9, 1).interval(7, mean));
    assertTrue(!new Bootstrap(200, 0.9, 1).interval(7, mean).equals(new Bootstrap(200, 0.9, 2).interval(7, mean)));
  }

  @Test
  void constantAndUndefinedStatisticsStayWhatTheyAre() {
    assertEquals(new Bootstrap.Interval(3, 3), new Bootstrap(50, 0.95, 1).interval(4, rows -> 3));
    assertEquals(new Bootstrap.Interval(Double.NaN, Double.NaN), new Bootstrap(50, 0.95, 1).interval(4, rows -> Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new Bootstrap(50, 95, 1));
  }
}
