package dev.hone.tokenizer.lookup;

/** Hash of a range of characters: one multiplication a character, the bits mixed at the end. */
public final class Hash {
  private static final int PRIME = 0x9E3779B1;

  private Hash() {}

  /** The hash of text[from, to). */
  public static int of(char[] text, int from, int to) {
    int h = to - from;
    for (int i = from; i < to; i++) {
      h = (h ^ text[i]) * PRIME;
    }
    return mix(h);
  }

  /** Spreads a 32-bit value so that its low bits depend on all others. */
  public static int mix(int h) {
    h ^= h >>> 15;
    h *= 0x85EBCA6B;
    return h ^ h >>> 13;
  }

  /** A hash of 64 bits, likewise. */
  public static int of(long key) {
    long h = key * 0x9E3779B97F4A7C15L;
    return (int) (h >>> 32) ^ (int) (h >>> 50);
  }
}
