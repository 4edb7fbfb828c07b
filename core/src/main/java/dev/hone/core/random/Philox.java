package dev.hone.core.random;

/**
 * Philox 4x32-10: random numbers as a function of a key and a counter, so that they do not depend on the order or the
 * number of threads in which they are drawn. Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011.
 *
 * <p>A generator is a seed and a stream. A stream is a number that names what is drawn, for example a layer and a step;
 * {@link #stream(long...)} makes one of several. Element {@code i} of the stream is lane {@code i % 4} of the block with
 * counter {@code i / 4}.
 *
 * @param seed the user's seed: the key
 * @param stream the upper half of the counter
 */
public record Philox(long seed, long stream) {
  /** First multiplier of a round. */
  public static final int M0 = 0xD2511F53;
  /** Second multiplier of a round. */
  public static final int M1 = 0xCD9E8D57;
  /** What the first key word grows by in every round. */
  public static final int W0 = 0x9E3779B9;
  /** What the second key word grows by in every round. */
  public static final int W1 = 0xBB67AE85;
  /** Number of rounds. */
  public static final int ROUNDS = 10;

  private static final double TO_UNIT = 0x1p-24;

  /** Mixes several numbers, such as step and layer, into the number of a stream. */
  public static long stream(long... parts) {
    long hash = 0x243F6A8885A308D3L;
    for (long part : parts) {
      hash = (hash ^ part) * 0x9E3779B97F4A7C15L; // the finaliser of SplitMix64 around every part
      hash = (hash ^ (hash >>> 30)) * 0xBF58476D1CE4E5B9L;
      hash = (hash ^ (hash >>> 27)) * 0x94D049BB133111EBL;
      hash ^= hash >>> 31;
    }
    return hash;
  }

  /** Numbers of this seed that are independent of these. */
  public Philox withStream(long other) {
    return new Philox(seed, other);
  }

  /** The stream of one of many that are drawn apart at the same place, such as the sequences of a step. */
  public Philox substream(long number) {
    return new Philox(seed, stream(stream, number));
  }

  /** The four words of block {@code counter}, written to {@code out[0..4)}. */
  public void block(long counter, int[] out) {
    int c0 = (int) counter;
    int c1 = (int) (counter >>> 32);
    int c2 = (int) stream;
    int c3 = (int) (stream >>> 32);
    int k0 = (int) seed;
    int k1 = (int) (seed >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      c0 = n0;
      c2 = n2;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  /** Element {@code index} as 32 random bits. */
  public int bits(long index) {
    int[] block = new int[4];
    block(index >>> 2, block);
    return block[(int) (index & 3)];
  }

  /** Element {@code index}, uniform in [0, 1), a multiple of 2^-24. */
  public float uniform(long index) {
    return (float) ((bits(index) >>> 8) * TO_UNIT);
  }

  /** A whole number from 0 to {@code bound} - 1 for element {@code index}; the bias is below bound / 2^32. */
  public int below(long index, int bound) {
    return (int) (((bits(index) & 0xFFFFFFFFL) * bound) >>> 32);
  }

  /** Writes uniform numbers in [low, high) to {@code target[from..to)}; position {@code from} takes element 0. */
  public void fillUniform(float[] target, int from, int to, float low, float high) {
    int[] block = new int[4];
    for (int i = 0; i < to - from; i++) {
      if ((i & 3) == 0) {
        block(i >>> 2, block);
      }
      target[from + i] = (float) (low + (high - low) * ((block[i & 3] >>> 8) * TO_UNIT));
    }
  }

  /** Writes normal numbers to {@code target[from..to)} by the Box-Muller method; position {@code from} takes element 0. */
  public void fillNormal(float[] target, int from, int to, float mean, float deviation) {
    int[] block = new int[4];
    for (int i = 0; i < to - from; i += 2) {
      if ((i & 3) == 0) {
        block(i >>> 2, block);
      }
      double radius = Math.sqrt(-2 * StrictMath.log(((block[i & 3] >>> 8) + 1) * TO_UNIT));
      double angle = 2 * Math.PI * (block[(i & 3) + 1] >>> 8) * TO_UNIT;
      target[from + i] = (float) (mean + deviation * radius * StrictMath.cos(angle));
      if (from + i + 1 < to) {
        target[from + i + 1] = (float) (mean + deviation * radius * StrictMath.sin(angle));
      }
    }
  }

  /** A permutation of 0 to {@code length} - 1 (Fisher-Yates over elements 0, 1, 2, ...). */
  public int[] permutation(int length) {
    int[] order = new int[length];
    for (int i = 0; i < length; i++) {
      order[i] = i;
    }
    for (int i = length - 1; i > 0; i--) {
      int j = below(i, i + 1);
      int swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    return order;
  }
}
