package dev.hone.nn.decoder;

import dev.hone.core.KeyBias;

/**
 * Linear biases of attention in place of positions (Press and others 2022): a key has slope · place, so that what a query sees
 * of it falls with its distance. All layers of a model share one.
 *
 * <p>Implementation note: the table grows as longer sequences come.
 */
public final class LinearBias {
  private static final int FIRST_TABLE = 64;

  private final float[] slopes;
  private final boolean rounded;
  private final float factor;
  private volatile KeyBias table;

  /**
   * Biases with the usual slopes.
   *
   * @param heads H
   * @param rounded whether slopes and products are rounded to 8 bits of precision (bfloat16), as Falcon's are
   * @param factor of the biases
   */
  LinearBias(int heads, boolean rounded, float factor) {
    this.slopes = slopes(heads);
    this.rounded = rounded;
    this.factor = factor;
    table = table(FIRST_TABLE);
  }

  /** Powers of 2^(-8 / H) for a power of two of heads; the others have every second one of twice as many. */
  private static float[] slopes(int heads) {
    int whole = Integer.highestOneBit(heads);
    float[] slopes = new float[heads];
    for (int head = 0; head < heads; head++) {
      slopes[head] = head < whole ? (float) Math.pow(2, -8.0 / whole * (head + 1))
          : (float) Math.pow(2, -4.0 / whole * (2 * (head - whole) + 1));
    }
    return slopes;
  }

  /** The biases of sequences with up to so many keys. */
  KeyBias upTo(int keys) {
    KeyBias current = table;
    if (current.length() < keys) {
      synchronized (this) {
        current = table;
        if (current.length() < keys) {
          current = table(Math.max(keys, current.length() * 2));
          table = current;
        }
      }
    }
    return current;
  }

  private KeyBias table(int length) {
    float[] values = new float[Math.multiplyExact(slopes.length, length)];
    for (int head = 0; head < slopes.length; head++) {
      float slope = rounded ? round(slopes[head]) : slopes[head];
      for (int place = 0; place < length; place++) {
        float product = slope * place;
        values[head * length + place] = (rounded ? round(product) : product) * factor;
      }
    }
    return new KeyBias(values, length);
  }

  /** To the nearest number of bfloat16, ties to even. */
  private static float round(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
  }
}
