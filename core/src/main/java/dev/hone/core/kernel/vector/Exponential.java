package dev.hone.core.kernel.vector;

/**
 * What the loops of softmax need for powers of two and logarithms.
 *
 * <p>2^x = 2^k · 2^r with k = round(x): adding {@link #ROUND}, 1.5 · 2^23, pushes the fraction out of the mantissa and leaves k
 * in the low bits, from where it is shifted into the exponent. 2^r = 1 + r · (C1 + r · (C2 + ...)) is a minimax polynomial of
 * our own, relative error 1.1e-7. The two are multiplied, so that NaN stays NaN; results below 2^{@link #SMALLEST} become 0, so
 * that a score of negative infinity is worth exactly nothing.
 *
 * <p>log(x) = e · ln 2 + log(f) with f in [1/√2, √2); log(f) = 2 · atanh(s) = s · (A0 + u · (A1 + ...)) with s = (f - 1) / (f +
 * 1), u = s², a minimax polynomial with error 1.4e-9.
 *
 * <p>The formulas are written out in every loop that uses them: HotSpot always inlines the operations of the Vector API, but our
 * own methods only while its budget for the caller lasts. A vector that crosses a call that stayed one is an object on the heap,
 * and the loop takes ten times as long. Constants are spread to vectors before a loop; as vectors in static fields they would be
 * read from memory again after every store.
 */
final class Exponential {
  static final float LOG2_E = 1.44269504f;
  static final float LN_2 = 0.69314718f;

  static final float ROUND = 0x1.8p23f;
  static final float SMALLEST = -126;
  static final float C1 = 0.693147f;
  static final float C2 = 0.24022242f;
  static final float C3 = 0.055507336f;
  static final float C4 = 0.009671513f;
  static final float C5 = 0.0013264727f;
  /** Added to {@link #ROUND} + k before the shift. */
  static final int BIAS = 127;
  static final int MANTISSA_BITS = 23;

  /** The bits of 1/√2. */
  static final int ROOT_HALF = 0x3F3504F3;
  static final float A0 = 2;
  static final float A1 = 0.66666818f;
  static final float A2 = 0.39974752f;
  static final float A3 = 0.29926646f;

  private Exponential() {}
}
