package dev.hone.core.memory;

/**
 * Floats in half the memory, each rounded to the nearest BF16, of two equally near ones to the even. Word i of n + 1 >>> 1 has
 * number i in its lower half and number i + (n + 1 >>> 1), if there is one, in its upper half.
 */
public interface HalfFloats {
  /** Rounds n numbers into words. */
  void narrow(float[] x, int xi, float[] words, int wi, int n);

  /** Writes the n numbers that words hold. */
  void widen(float[] words, int wi, float[] x, int xi, int n);
}
