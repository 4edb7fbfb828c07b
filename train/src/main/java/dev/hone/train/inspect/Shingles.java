package dev.hone.train.inspect;

import java.util.Arrays;

/**
 * What two texts are compared by. Both are of the text in small letters: all of it with single spaces for spacing, as the
 * held-out split has it; and, for likeness, its letters and digits alone with single spaces between, cut into all runs of
 * {@value #LENGTH} characters.
 *
 * <p>One per thread; the arrays are used again.
 */
final class Shingles {
  /** Characters of a run. */
  static final int LENGTH = 5;

  private char[] plain = new char[256];
  private long[] hashes = new long[256];

  /** A hash of 64 bits of a text, ignoring case and spacing. */
  static long key(String text) {
    long hash = 0xcbf29ce484222325L;
    boolean space = false;
    boolean begun = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isWhitespace(c)) {
        space = begun;
        continue;
      }
      if (space) {
        hash = mix(hash ^ ' ');
        space = false;
      }
      begun = true;
      hash = (hash ^ Character.toLowerCase(c)) * 0x100000001b3L;
      hash ^= hash >>> 29;
    }
    return mix(hash);
  }

  /** Whether two texts are the same but for case and spacing. */
  static boolean same(String a, String b) {
    int i = 0;
    int j = 0;
    while (true) {
      int u = skip(a, i);
      int v = skip(b, j);
      if (u == a.length() || v == b.length()) {
        return u == a.length() && v == b.length();
      }
      boolean spaced = i > 0 && u > i;
      boolean alsoSpaced = j > 0 && v > j;
      if (spaced != alsoSpaced || Character.toLowerCase(a.charAt(u)) != Character.toLowerCase(b.charAt(v))) {
        return false;
      }
      i = u + 1;
      j = v + 1;
    }
  }

  private static int skip(String text, int at) {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  /** The runs of a text as hashes of 64 bits, in the order of the text, repeated ones too; a shorter text is one run. */
  int hash(String text) {
    if (plain.length < text.length() + 1) {
      plain = new char[Math.max(text.length() + 1, 2 * plain.length)];
    }
    int n = 0;
    boolean space = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isLetterOrDigit(c) || Character.isSurrogate(c) || Character.getType(c) == Character.NON_SPACING_MARK
          || Character.getType(c) == Character.COMBINING_SPACING_MARK) {
        if (space && n > 0) {
          plain[n++] = ' ';
        }
        space = false;
        plain[n++] = Character.toLowerCase(c);
      } else {
        space = true;
      }
    }
    int runs = n == 0 ? 0 : Math.max(1, n - LENGTH + 1);
    if (hashes.length < runs) {
      hashes = new long[Math.max(runs, 2 * hashes.length)];
    }
    for (int i = 0; i < runs; i++) {
      long hash = 0;
      for (int j = i; j < Math.min(n, i + LENGTH); j++) {
        hash = hash * 0x9E3779B97F4A7C15L + plain[j] + 1;
      }
      hashes[i] = mix(hash);
    }
    return runs;
  }

  /** Hash {@code i} of what {@link #hash} found last. */
  long get(int i) {
    return hashes[i];
  }

  /** The different runs of a text as hashes, rising. */
  long[] set(String text) {
    int runs = hash(text);
    Arrays.sort(hashes, 0, runs);
    int n = 0;
    for (int i = 0; i < runs; i++) {
      if (i == 0 || hashes[i] != hashes[i - 1]) {
        hashes[n++] = hashes[i];
      }
    }
    return Arrays.copyOf(hashes, n);
  }

  /** Jaccard's likeness of two rising sets: |a ∩ b| / |a ∪ b|; 0 if both are empty. */
  static double jaccard(long[] a, long[] b) {
    int both = 0;
    for (int i = 0, j = 0; i < a.length && j < b.length;) {
      both += a[i] == b[j] ? 1 : 0;
      int order = Long.compare(a[i], b[j]);
      i += order <= 0 ? 1 : 0;
      j += order >= 0 ? 1 : 0;
    }
    int either = a.length + b.length - both;
    return either == 0 ? 0 : (double) both / either;
  }

  /** Spreads a hash over all 64 bits (the last steps of MurmurHash3). */
  static long mix(long h) {
    h = (h ^ h >>> 33) * 0xff51afd7ed558ccdL;
    h = (h ^ h >>> 33) * 0xc4ceb9fe1a85ec53L;
    return h ^ h >>> 33;
  }
}
