package dev.hone.tokenizer.text;

import java.util.Arrays;

/**
 * A growing run of characters, each of which carries the range of the original text it came from.
 *
 * <p>As long as character i came from exactly position i (text that no normaliser has touched: the
 * common case), no ranges are stored at all; the first character that breaks the rule makes them
 * appear. A range is one long, start in the upper half and end in the lower, so that it moves with one
 * load and one store.
 */
public final class AlignedText {
  private char[] chars = new char[1024];
  private int length;
  private long[] origins = new long[0];
  private boolean identity = true;
  private boolean surrogates;

  /** Packs a range of the original text. */
  public static long range(int start, int end) {
    return (long) start << 32 | end;
  }

  /** First position of a packed range. */
  public static int start(long range) {
    return (int) (range >>> 32);
  }

  /** Position after the last of a packed range. */
  public static int end(long range) {
    return (int) range;
  }

  /**
   * Starts over with an original text. A surrogate without its partner becomes U+FFFD: it has no UTF-8
   * form, so no tokenizer has a token for it.
   */
  public void set(String text) {
    clear();
    int n = text.length();
    reserve(n);
    char[] to = chars;
    text.getChars(0, n, to, 0);
    length = n;
    boolean found = false;
    for (int i = 0; i < n; i++) {
      found |= (to[i] & 0xF800) == 0xD800;
    }
    surrogates = found;
    if (found) {
      mendSurrogates();
    }
  }

  private void mendSurrogates() {
    for (int i = 0; i < length; i++) {
      char c = chars[i];
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c) && i + 1 < length && Character.isLowSurrogate(chars[i + 1])) {
        i++;
      } else {
        chars[i] = '\uFFFD';
      }
    }
  }

  /** Empties the text; what is appended next counts as untouched until it proves otherwise. */
  public void clear() {
    length = 0;
    identity = true;
    surrogates = false;
  }

  /** The characters; valid until the next append, only the first {@link #length()} mean anything. */
  public char[] chars() {
    return chars;
  }

  /** Number of UTF-16 units. */
  public int length() {
    return length;
  }

  /** Whether every character came from its own position. */
  public boolean isIdentity() {
    return identity;
  }

  /** Whether the original text, given to {@link #set}, holds characters outside the basic plane. */
  public boolean hasSurrogates() {
    return surrogates;
  }

  /** Where unit i begins in the original text. */
  public int originStart(int i) {
    return identity ? i : start(origins[i]);
  }

  /** Where unit i ends in the original text. */
  public int originEnd(int i) {
    return identity ? i + 1 : end(origins[i]);
  }

  /** The original range of the non-empty run [from, to). */
  public long origin(int from, int to) {
    return range(originStart(from), originEnd(to - 1));
  }

  /** The text of [from, to). */
  public String substring(int from, int to) {
    return new String(chars, from, to - from);
  }

  /** Receives the code points of a text with the original range of each. */
  @FunctionalInterface
  public interface Visitor {
    /** Called for each code point in order. */
    void visit(int codePoint, long origin);
  }

  /** Hands every code point of [from, to) to the visitor. */
  public void forEach(int from, int to, Visitor visitor) {
    for (int i = from; i < to; ) {
      char c = chars[i];
      int end = Character.isHighSurrogate(c) && i + 1 < to ? i + 2 : i + 1;
      visitor.visit(end - i == 2 ? Character.toCodePoint(c, chars[i + 1]) : c, origin(i, end));
      i = end;
    }
  }

  /** Drops everything after the first n units. */
  public void truncate(int n) {
    length = n;
  }

  /** Appends [from, to) of another text, unchanged. */
  public void append(AlignedText in, int from, int to) {
    int n = to - from;
    reserve(n);
    System.arraycopy(in.chars, from, chars, length, n);
    if (!identity || !in.identity || from != length) {
      storeOrigins(n);
      if (in.identity) {
        for (int i = 0; i < n; i++) {
          origins[length + i] = range(from + i, from + i + 1);
        }
      } else {
        System.arraycopy(in.origins, from, origins, length, n);
      }
    }
    length += n;
  }

  /** Replaces each of the last n units, which must be below the table's length, by its entry there. */
  void replaceLast(int n, char[] table) {
    char[] c = chars;
    for (int i = length - n; i < length; i++) {
      c[i] = table[c[i]];
    }
  }

  /** Appends one UTF-16 unit that stands for the given original range. */
  public void append(char c, long origin) {
    if (length == chars.length) {
      reserve(1);
    }
    if (!identity || origin != range(length, length + 1)) {
      storeOrigins(1);
      origins[length] = origin;
    }
    chars[length++] = c;
  }

  /** Appends one code point that stands for the given original range. */
  public void appendCodePoint(int codePoint, long origin) {
    if (codePoint < 0x10000) {
      append((char) codePoint, origin);
    } else {
      append(Character.highSurrogate(codePoint), origin);
      append(Character.lowSurrogate(codePoint), origin);
    }
  }

  private void reserve(int more) {
    int need = Math.addExact(length, more);
    if (need > chars.length) {
      chars = Arrays.copyOf(chars, grown(chars.length, need));
    }
  }

  private void storeOrigins(int more) {
    int need = length + more;
    if (need > origins.length) {
      origins = Arrays.copyOf(origins, Math.max(chars.length, need));
    }
    if (identity) {
      for (int i = 0; i < length; i++) {
        origins[i] = range(i, i + 1);
      }
      identity = false;
    }
  }

  private static int grown(int now, int need) {
    return (int) Math.min(Integer.MAX_VALUE - 8, Math.max((long) need, now + (long) (now >> 1)));
  }

  /** Gives large arrays back once a large text is done, so that a pool of these stays small. */
  public void shrink(int limit) {
    if (chars.length > limit) {
      chars = new char[limit];
    }
    if (origins.length > limit) {
      origins = new long[limit];
    }
    clear();
  }
}
