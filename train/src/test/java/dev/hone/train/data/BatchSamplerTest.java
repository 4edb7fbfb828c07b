package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchSamplerTest {
  @ParameterizedTest
  @CsvSource({"0,8", "1,8", "7,8", "8,8", "103,8", "1000,32", "5,1"})
  void everyRowOccursOnceAndAllBatchesButOneAreFull(int rows, int size) {
    BatchSampler sampler = BatchSampler.ofRows(lengths(rows), size, 5);
    for (int epoch = 0; epoch < 3; epoch++) {
      List<int[]> batches = sampler.epoch(epoch);
      assertArrayEquals(IntStream.range(0, rows).toArray(), sorted(batches));
      assertEquals(Math.ceilDiv(rows, size), batches.size());
      assertEquals(rows / size, batches.stream().filter(b -> b.length == size).count());
    }
    assertEquals(3L * Math.ceilDiv(rows, size), sampler.batches(3));
  }

  @ParameterizedTest
  @ValueSource(ints = {130, 512, 4096, 1_000_000})
  void tokenBudgetHoldsAndIsWellUsed(int budget) {
    int[] lengths = lengths(2000);
    BatchSampler sampler = BatchSampler.ofTokens(lengths, budget, 5);
    List<int[]> batches = sampler.epoch(1);
    assertArrayEquals(IntStream.range(0, 2000).toArray(), sorted(batches));
    for (int[] batch : batches) {
      assertTrue(tokens(lengths, batch) <= budget);
    }
    double used = Arrays.stream(lengths).sum() / (double) budget;
    if (budget >= 512) {
      assertTrue(batches.size() <= Math.ceil(used * 1.15 + 1), batches.size() + " batches for " + used);
    }
    assertEquals(IntStream.range(0, 4).mapToLong(e -> sampler.epoch(e).size()).sum(), sampler.batches(4));
  }

  @Test
  void bothLimitsHoldTogether() {
    int[] lengths = lengths(500);
    for (boolean group : new boolean[] {true, false}) {
      List<int[]> batches = new BatchSampler(lengths, 6, 300, group, 9).epoch(0);
      assertArrayEquals(IntStream.range(0, 500).toArray(), sorted(batches));
      assertTrue(batches.stream().allMatch(b -> b.length <= 6 && tokens(lengths, b) <= 300));
    }
  }

  @Test
  void groupingMakesLengthsWithinABatchAlike() {
    int[] lengths = lengths(4000);
    double grouped = spread(lengths, new BatchSampler(lengths, 16, BatchSampler.NO_LIMIT, true, 1).epoch(0));
    double mixed = spread(lengths, new BatchSampler(lengths, 16, BatchSampler.NO_LIMIT, false, 1).epoch(0));
    assertTrue(grouped < 0.1 * mixed, grouped + " against " + mixed);
  }

  @Test
  void sameSeedAndEpochGiveTheSameBatchesAndOthersDiffer() {
    BatchSampler sampler = BatchSampler.ofRows(lengths(200), 8, 3);
    assertEquals(text(sampler.epoch(2)), text(BatchSampler.ofRows(lengths(200), 8, 3).epoch(2)));
    assertNotEquals(text(sampler.epoch(2)), text(sampler.epoch(3)));
    assertNotEquals(text(sampler.epoch(2)), text(BatchSampler.ofRows(lengths(200), 8, 4).epoch(2)));
  }

  /** Rows of the small batch weigh more in its mean; over epochs each row must be there equally often. */
  @Test
  void theBatchThatIsNotFullIsAsLikelyForEveryRow() {
    int epochs = 4000;
    int[] lengths = lengths(103);
    BatchSampler sampler = BatchSampler.ofRows(lengths, 8, 11);
    int[] small = new int[103];
    for (int epoch = 0; epoch < epochs; epoch++) {
      sampler.epoch(epoch).stream().filter(b -> b.length == 7).findFirst().ifPresent(b -> {
        for (int row : b) {
          small[row]++;
        }
      });
    }
    double p = 7 / 103.0;
    double deviation = Math.sqrt(epochs * p * (1 - p));
    for (int count : small) {
      assertTrue(Math.abs(count - epochs * p) < 5 * deviation, count + " times, expected " + epochs * p);
    }
  }

  /** Long rows must come as early, on average, as short ones. */
  @Test
  void theTimeOfARowDoesNotDependOnItsLength() {
    int[] lengths = lengths(400);
    for (BatchSampler sampler : List.of(BatchSampler.ofRows(lengths, 8, 2), BatchSampler.ofTokens(lengths, 500, 2))) {
      double longSum = 0;
      double shortSum = 0;
      int longs = 0;
      int shorts = 0;
      for (int epoch = 0; epoch < 300; epoch++) {
        List<int[]> batches = sampler.epoch(epoch);
        for (int b = 0; b < batches.size(); b++) {
          double time = (b + 0.5) / batches.size();
          for (int row : batches.get(b)) {
            if (lengths[row] > 64) {
              longSum += time;
              longs++;
            } else {
              shortSum += time;
              shorts++;
            }
          }
        }
      }
      assertEquals(0.5, longSum / longs, 0.02);
      assertEquals(0.5, shortSum / shorts, 0.02);
    }
  }

  @Test
  void rowsOfOneLengthMeetOthersInEveryEpoch() {
    BatchSampler sampler = BatchSampler.ofRows(lengths(64), 8, 2);
    long meetings = IntStream.range(0, 50).mapToObj(sampler::epoch).flatMap(List::stream)
        .filter(b -> Arrays.stream(b).anyMatch(r -> r == 0)).flatMapToInt(Arrays::stream).distinct().count();
    assertTrue(meetings > 30, meetings + " rows met row 0");
  }

  @Test
  void evaluationKeepsTheOrderOfRows() {
    List<int[]> batches = new BatchSampler(new int[] {4, 4, 3, 9, 1, 1}, 3, 10, true, 1).inOrder();
    assertEquals("[[0, 1], [2], [3, 4], [5]]", text(batches));
  }

  @Test
  void aRowLongerThanTheBudgetIsNamed() {
    assertEquals("BatchSampler: row 1 has 9 tokens, a batch holds 1 to 8; lower the maximum length or raise the token budget",
        assertThrows(IllegalArgumentException.class, () -> BatchSampler.ofTokens(new int[] {3, 9}, 8, 1)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> BatchSampler.ofRows(new int[] {3}, 0, 1));
  }

  private static int[] lengths(int rows) {
    Philox random = new Philox(17, 1);
    return IntStream.range(0, rows).map(i -> 1 + random.below(i, 128)).toArray();
  }

  private static int tokens(int[] lengths, int[] batch) {
    return Arrays.stream(batch).map(r -> lengths[r]).sum();
  }

  private static int[] sorted(List<int[]> batches) {
    return batches.stream().flatMapToInt(Arrays::stream).sorted().toArray();
  }

  private static String text(List<int[]> batches) {
    return batches.stream().map(Arrays::toString).toList().toString();
  }

  private static double spread(int[] lengths, List<int[]> batches) {
    return batches.stream().mapToInt(b -> Arrays.stream(b).map(r -> lengths[r]).max().getAsInt()
        - Arrays.stream(b).map(r -> lengths[r]).min().getAsInt()).average().getAsDouble();
  }
}
