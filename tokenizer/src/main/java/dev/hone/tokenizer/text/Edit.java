package dev.hone.tokenizer.text;

/**
 * Writes the changed form of one stretch of text, character by character, and works out where each new
 * character came from.
 *
 * <p>The rule, which decides every offset a tokenizer reports: a character with change 0 replaces the
 * next character of the input and takes its range; with change -n it replaces one and swallows the n
 * that follow (their range belongs to nobody); with change 1 it is an addition and takes the range of
 * the input character before it.
 */
public final class Edit {
  private final AlignedText in;
  private final int from;
  private final int to;
  private final AlignedText out;
  private int next;

  /** An edit of in[from, to) that appends to out. */
  public Edit(AlignedText in, int from, int to, AlignedText out) {
    this.in = in;
    this.from = from;
    this.to = to;
    this.out = out;
    this.next = from;
  }

  /** Drops the next n code points of the input. */
  public void skip(int n) {
    for (; n > 0 && next < to; n--) {
      next += width(next);
    }
  }

  /** Writes a code point; change as described above. */
  public void put(int codePoint, int change) {
    if (change > 0 || next >= to) {
      out.appendCodePoint(codePoint, before());
    } else {
      int w = width(next);
      out.appendCodePoint(codePoint, in.origin(next, next + w));
      next += w;
      skip(-change);
    }
  }

  private long before() {
    return originBefore(in, from, next);
  }

  /** The original range of the code point before i; if i is the beginning, the empty range there. */
  public static long originBefore(AlignedText in, int from, int i) {
    if (i == from) {
      int start = from < in.length() ? in.originStart(from) : 0;
      return AlignedText.range(start, start);
    }
    int last = i - 1;
    boolean pair = last > from && Character.isLowSurrogate(in.chars()[last]);
    return in.origin(pair ? last - 1 : last, i);
  }

  /** Where the next character is taken from. */
  public int position() {
    return next;
  }

  /** Copies the input up to the given place unchanged. */
  public void copyTo(int end) {
    out.append(in, next, end);
    next = end;
  }

  private int width(int i) {
    return Character.isHighSurrogate(in.chars()[i]) && i + 1 < to ? 2 : 1;
  }
}
