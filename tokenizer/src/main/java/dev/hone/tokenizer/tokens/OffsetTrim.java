package dev.hone.tokenizer.tokens;

import dev.hone.tokenizer.unicode.CharClass;

/**
 * Takes the white space that byte-level tokens carry out of their ranges.
 *
 * @param prefixSpaceAdded whether the pre-tokeniser may have put a space before the text: that one is
 *     not part of the range to begin with
 */
public record OffsetTrim(boolean prefixSpaceAdded) {
  private static final char BYTE_LEVEL_SPACE = '\u0120';

  /** Narrows the range of token i, whose text is given; first: it leads its sequence. */
  void apply(boolean first, String token, int[] starts, int[] ends, int i) {
    int n = token.length();
    int leading = 0;
    while (leading < n && isSpace(token.charAt(leading))) {
      leading++;
    }
    int trailing = 0;
    while (trailing < n && isSpace(token.charAt(n - 1 - trailing))) {
      trailing++;
    }
    if (leading > 0) {
      if ((first || starts[i] == 0) && prefixSpaceAdded && leading == 1) {
        leading = 0;
      }
      starts[i] = Math.min(starts[i] + leading, ends[i]);
    }
    if (trailing > 0 && ends[i] >= trailing) {
      ends[i] = Math.max(ends[i] - trailing, starts[i]);
    }
  }

  private static boolean isSpace(char c) {
    return c == BYTE_LEVEL_SPACE || (CharClass.of(c) & CharClass.SPACE) != 0;
  }
}
