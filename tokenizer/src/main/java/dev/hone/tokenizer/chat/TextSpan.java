package dev.hone.tokenizer.chat;

/**
 * A part of a text.
 *
 * @param start its first code point
 * @param end the code point after its last
 */
public record TextSpan(int start, int end) {
  /** Checks the order of the bounds. */
  public TextSpan {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException("TextSpan: needs 0 <= start <= end, got [" + start + ", " + end + ")");
    }
  }
}
