package dev.hone.core.quant;

import java.util.Arrays;

/**
 * The 256 numbers from -1 (exclusive) to 1 that a byte stands for in bitsandbytes: for i of 0 to 6 the midpoints of 2^i equal
 * parts of [0.1, 1], times 10^(i-6), with both signs, and 0 and 1 (Dettmers 2016).
 */
final class DynamicMap {
  private static final int DECADES = 7;
  private static final float[] VALUES = make();

  private DynamicMap() {}

  private static float[] make() {
    float[] values = new float[256];
    values[0] = 0;
    values[1] = 1;
    int n = 2;
    for (int decade = 0; decade < DECADES; decade++) {
      int parts = 1 << decade;
      float size = (float) Math.pow(10, decade - DECADES + 1);
      for (int i = 0; i < parts; i++) {
        float middle = size * ((edge(i, parts) + edge(i + 1, parts)) / 2);
        values[n++] = middle;
        values[n++] = -middle;
      }
    }
    Arrays.sort(values);
    return values;
  }

  /** Edge i of the parts as torch's linspace rounds it: from the nearer end, once. */
  private static float edge(int i, int parts) {
    float step = (1 - 0.1f) / parts;
    return i < (parts + 1) / 2 ? Math.fma(step, i, 0.1f) : Math.fma(-step, parts - i, 1);
  }

  /** The numbers, rising. A copy. */
  static float[] values() {
    return VALUES.clone();
  }

  /** The number of the entry that is nearest in float32, the first of several. */
  static int nearest(float x) {
    int above = Arrays.binarySearch(VALUES, x);
    if (above >= 0) {
      return above;
    }
    above = Math.min(-above - 1, VALUES.length - 1);
    int best = above > 0 && Math.abs(x - VALUES[above - 1]) <= Math.abs(x - VALUES[above]) ? above - 1 : above;
    while (best > 0 && Math.abs(x - VALUES[best - 1]) == Math.abs(x - VALUES[best])) {
      best--;
    }
    return best;
  }
}
