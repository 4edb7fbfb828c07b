package dev.hone.train.inspect;

import java.util.Arrays;

/**
 * Fingerprints of sets by which likely similar ones are found without comparing all with all.
 *
 * <p>Implementation note: MinHash (Broder 1997): for a random hash function, two sets have the same smallest hash with
 * probability J, their Jaccard likeness. {@value #FUNCTIONS} functions in {@value #BANDS} bands of {@value #ROWS}: sets meet
 * in a band if they agree in all of its functions, so a pair meets somewhere with probability 1 - (1 - J^5)^13: 0.994 for
 * J = 0.8, 0.91 for 0.7, 0.34 for 0.5, 0.03 for 0.3. One bit of each of 64 functions (Li and König 2010) makes a sketch in
 * which (1 + J) / 2 of the bits agree on average: it throws out nearly all pairs that met by chance before their texts are
 * looked at. What is left is compared for real, so that the hashes decide about speed and a few misses, never about what is
 * said to be similar.
 */
final class MinHash {
  /** Bands of a fingerprint. */
  static final int BANDS = 13;
  /** Functions of a band. */
  static final int ROWS = 5;
  /** Functions in all. */
  static final int FUNCTIONS = BANDS * ROWS;

  private static final int[] XOR = new int[FUNCTIONS];
  private static final int[] TIMES = new int[FUNCTIONS];

  static {
    for (int k = 0; k < FUNCTIONS; k++) {
      long random = Shingles.mix(0x6D696E68617368L + k); // any fixed numbers will do
      XOR[k] = (int) random;
      TIMES[k] = (int) (random >>> 32) | 1;
    }
  }

  private final int[] smallest = new int[FUNCTIONS];

  /** Makes the fingerprint of the set in {@code shingles}, of which the first {@code n} count. */
  void of(Shingles shingles, int n) {
    Arrays.fill(smallest, Integer.MAX_VALUE);
    for (int i = 0; i < n; i++) {
      lower((int) (shingles.get(i) >>> 32));
    }
  }

  private void lower(int hash) {
    int[] least = smallest;
    for (int k = 0; k < FUNCTIONS; k++) { // one product and one minimum a function: compiled to vector code
      least[k] = Math.min(least[k], (hash ^ XOR[k]) * TIMES[k]);
    }
  }

  /** The bucket that the set is in, in one of the bands. */
  int band(int band) {
    long hash = band;
    for (int k = band * ROWS; k < (band + 1) * ROWS; k++) {
      hash = Shingles.mix(hash * 31 + smallest[k]);
    }
    return (int) hash;
  }

  /** One bit of each of the first 64 functions. */
  long sketch() {
    long bits = 0;
    for (int k = 0; k < Long.SIZE; k++) {
      bits |= (long) (Integer.bitCount(smallest[k]) & 1) << k;
    }
    return bits;
  }

  /**
   * How many bits of two sketches agree at least if the sets have a likeness of {@code jaccard}: three standard deviations below
   * the mean, so that one pair in a thousand is missed.
   */
  static int agreeing(double jaccard) {
    double p = (1 + jaccard) / 2;
    return (int) Math.floor(Long.SIZE * p - 3 * Math.sqrt(Long.SIZE * p * (1 - p)));
  }
}
