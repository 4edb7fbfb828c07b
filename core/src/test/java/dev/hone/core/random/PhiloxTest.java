package dev.hone.core.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Philox against the known answers of its authors, and what is drawn from it. */
class PhiloxTest {
  private static int[] block(long seed, long stream, long counter) {
    int[] out = new int[4];
    new Philox(seed, stream).block(counter, out);
    return out;
  }

  @Test
  void knownAnswersOfPhilox4x32With10RoundsAreMet() {
    assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0));
    assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1));
    // The third vector of the authors' file: digits of pi. Words are little end first in a long.
    assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        block(0x299f31d0a4093822L, 0x0370734413198a2eL, 0x85a308d3243f6a88L));
  }

  @Test
  void anElementIsALaneOfItsBlock() {
    Philox random = new Philox(7, 8);
    for (long index : new long[] {0, 1, 2, 3, 4, 5, 1_000_003, 1L << 40}) {
      assertEquals(block(7, 8, index >>> 2)[(int) (index & 3)], random.bits(index));
      assertEquals((random.bits(index) >>> 8) * 0x1p-24f, random.uniform(index));
    }
  }

  @Test
  void fillsAreTheSameNumbersAsSingleDraws() {
    Philox random = new Philox(3, 4);
    float[] values = new float[50];
    random.fillUniform(values, 5, 48, 0, 1);
    for (int i = 5; i < 48; i++) {
      assertEquals(random.uniform(i - 5), values[i]);
    }
    assertEquals(0, values[4]);
    assertEquals(0, values[48]);
    float[] odd = new float[7];
    random.fillNormal(odd, 0, 7, 2, 3);
    float[] longer = new float[8];
    random.fillNormal(longer, 0, 8, 2, 3);
    assertArrayEquals(odd, Arrays.copyOf(longer, 7), "the last number of an odd count is that of an even one");
  }

  @Test
  void uniformAndNormalNumbersHaveTheirMoments() {
    int n = 1 << 18;
    float[] values = new float[n];
    new Philox(11, 1).fillUniform(values, 0, n, -1, 3);
    assertMoments(values, 1, 4 / Math.sqrt(12), 5 / Math.sqrt(n));
    new Philox(11, 2).fillNormal(values, 0, n, -2, 0.5f);
    assertMoments(values, -2, 0.5, 5 / Math.sqrt(n));
    int beyond = 0;
    for (float value : values) {
      beyond += Math.abs(value + 2) > 1 ? 1 : 0; // two deviations
    }
    assertEquals(0.0455, beyond / (double) n, 0.003);
  }

  private static void assertMoments(float[] values, double mean, double deviation, double tolerance) {
    double sum = 0;
    double squares = 0;
    for (float value : values) {
      sum += value - mean;
      squares += (value - mean) * (value - mean);
    }
    assertEquals(0, sum / values.length, tolerance * deviation);
    assertEquals(deviation, Math.sqrt(squares / values.length), tolerance * deviation);
  }

  @Test
  void wholeNumbersStayBelowTheirBoundAndReachAllOfIt() {
    Philox random = new Philox(5, 5);
    int[] counts = new int[7];
    for (int i = 0; i < 7000; i++) {
      counts[random.below(i, 7)]++;
    }
    for (int count : counts) {
      assertEquals(1000, count, 150);
    }
    assertEquals(0, random.below(3, 1));
  }

  @Test
  void aPermutationHoldsEveryNumberOnceAndDependsOnTheStream() {
    int[] order = new Philox(1, 2).permutation(1000);
    int[] sorted = order.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < 1000; i++) {
      assertEquals(i, sorted[i]);
    }
    assertArrayEquals(order, new Philox(1, 2).permutation(1000));
    assertTrue(!Arrays.equals(order, new Philox(1, 3).permutation(1000)));
    assertTrue(!Arrays.equals(order, new Philox(2, 2).permutation(1000)));
    assertEquals(0, new Philox(1, 2).permutation(0).length);
  }

  @Test
  void streamsOfNearbyNumbersDiffer() {
    Set<Long> seen = new HashSet<>();
    for (long step = 0; step < 50; step++) {
      for (long layer = 0; layer < 50; layer++) {
        seen.add(Philox.stream(step, layer));
      }
    }
    assertEquals(2500, seen.size());
    assertNotEquals(Philox.stream(1, 2), Philox.stream(2, 1));
    assertNotEquals(Philox.stream(1), Philox.stream(1, 0));
    assertEquals(new Philox(3, 9), new Philox(3, 1).withStream(9));
  }
}
