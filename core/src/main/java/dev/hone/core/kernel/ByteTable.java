package dev.hone.core.kernel;

import java.util.Arrays;

/**
 * The 256 numbers that a byte of an 8-bit optimiser state stands for: tenfold steps down to 1e-6, with more numbers in each
 * the larger it is (the dynamic map of Dettmers 2016). For decade i of 0 to 6 these are the midpoints of 2^i equal parts of
 * [0.1, 1] (2^(i+1) without a sign), times 10^(i-6); with 0 and 1 they fill the byte.
 */
public final class ByteTable {
  /** Elements that share a scale. */
  public static final int BLOCK = 256;
  private static final int DECADES = 7;

  /** From -1 (exclusive) to 1. */
  public static final ByteTable SIGNED = new ByteTable(true);
  /** From 0 to 1. */
  public static final ByteTable UNSIGNED = new ByteTable(false);

  private final float[] values;
  private final float[] bounds; // bounds[i] lies between values i and i + 1
  private final byte zero;
  private final boolean signed;

  private ByteTable(boolean signed) {
    this.signed = signed;
    float[] found = new float[256];
    int n = 0;
    found[n++] = 0;
    found[n++] = 1;
    for (int decade = 0; decade < DECADES; decade++) {
      int parts = 1 << (signed ? decade : decade + 1);
      double size = Math.pow(10, decade - DECADES + 1);
      for (int i = 0; i < parts; i++) {
        float value = (float) (size * (0.1 + 0.9 * (i + 0.5) / parts));
        found[n++] = value;
        if (signed) {
          found[n++] = -value;
        }
      }
    }
    values = Arrays.copyOf(found, n);
    Arrays.sort(values);
    bounds = new float[n - 1];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = (values[i] + values[i + 1]) / 2;
    }
    zero = (byte) Arrays.binarySearch(values, 0);
  }

  /** The byte of 0. */
  public byte zero() {
    return zero;
  }

  /** What the bytes stand for, rising. A copy. */
  public float[] values() {
    return values.clone();
  }

  /** Between each two of them the number above which the larger one is nearer. A copy. */
  public float[] bounds() {
    return bounds.clone();
  }

  /** Numbers from bytes: target[i] = scale · value(bytes[from + i]). */
  public void read(byte[] bytes, int from, int length, float scale, float[] target) {
    for (int i = 0; i < length; i++) {
      target[i] = scale * values[bytes[from + i] & 0xFF];
    }
  }

  /**
   * Numbers to bytes; returns the scale. Without a sign nothing above 0 becomes 0: a mean of squares that did would divide a
   * mean of gradients that did not.
   */
  public float write(float[] source, int length, byte[] bytes, int from) {
    float largest = 0;
    for (int i = 0; i < length; i++) {
      largest = Math.max(largest, Math.abs(source[i]));
    }
    float inverse = largest > 0 ? 1 / largest : 0;
    for (int i = 0; i < length; i++) {
      int nearest = nearest(source[i] * inverse);
      bytes[from + i] = (byte) (signed || source[i] == 0 ? nearest : Math.max(1, nearest));
    }
    return largest;
  }

  private int nearest(float x) {
    int low = 0;
    int high = bounds.length; // the answer is from low to high
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (x > bounds[middle]) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
