package dev.hone.train.inspect;

import java.util.Arrays;

/**
 * How numbers are spread.
 *
 * @param unit what is counted, such as "tokens"
 * @param edges of the bins, one more than there are bins; a number belongs to the last edge at or below it
 * @param counts how many numbers are in each bin
 * @param smallest the smallest number
 * @param median half of the numbers are at or below it
 * @param most95 95 % of the numbers are at or below it
 * @param largest the largest number
 */
public record Histogram(String unit, int[] edges, int[] counts, int smallest, int median, int most95, int largest) {
  private static final int BINS = 24;
  /** Steps that people count in. */
  private static final int[] STEPS = {1, 2, 5};

  /**
   * The spread of these numbers, which are sorted; bins of equal, round width reach up to the last hundredth, which shares
   * one.
   */
  static Histogram of(String unit, int[] numbers) {
    int n = numbers.length;
    if (n == 0) {
      return new Histogram(unit, new int[] {0, 1}, new int[] {0}, 0, 0, 0, 0);
    }
    Arrays.sort(numbers);
    int top = numbers[(int) (0.99 * (n - 1))];
    int low = numbers[0];
    int width = 1;
    for (int power = 1, step = 0; (top - low) / width >= BINS; step++) {
      power *= step > 0 && step % STEPS.length == 0 ? 10 : 1;
      width = power * STEPS[step % STEPS.length];
    }
    int first = low / width * width;
    int bins = (top - first) / width + 1 + (numbers[n - 1] >= first + ((top - first) / width + 1) * width ? 1 : 0);
    int[] edges = new int[bins + 1];
    for (int b = 0; b < bins; b++) {
      edges[b] = first + b * width;
    }
    edges[bins] = Math.max(first + bins * width, numbers[n - 1] + 1);
    int[] counts = new int[bins];
    for (int number : numbers) {
      counts[Math.min(bins - 1, (number - first) / width)]++;
    }
    return new Histogram(unit, edges, counts, low, numbers[(n - 1) / 2], numbers[(int) (0.95 * (n - 1))], numbers[n - 1]);
  }
}
