package dev.hone.tokenizer.regex;

import dev.hone.tokenizer.unicode.CharClass;

/**
 * GPT-4o's expression: like Llama 3's, but a word is a run of capitals and then of small letters (with
 * letters that have no case, and marks, counting as both), and keeps the contraction behind it.
 */
record Gpt4oScanner() implements Scanner {
  private static final int KNOWN = CharClass.SPACE | CharClass.LETTER | CharClass.NUMBER;

  @Override
  public int end(char[] text, int i, int to) {
    char c = text[i];
    int bits = Scanner.classAt(text, i, to);
    int next = i + Scanner.width(text, i, to);
    // A mark may be the character before the word or the word itself; the former is tried first.
    boolean before = c != '\r' && c != '\n' && (bits & (CharClass.LETTER | CharClass.NUMBER)) == 0;
    if (before || (bits & (CharClass.LETTER | CharClass.MARK)) != 0) {
      int end = before ? capitalised(text, next, to) : -1;
      if (end < 0) {
        end = capitalised(text, i, to);
      }
      if (end < 0 && before) {
        end = capitals(text, next, to);
      }
      if (end < 0) {
        end = capitals(text, i, to);
      }
      if (end >= 0) {
        return Scanner.contraction(text, end, to);
      }
    }
    if ((bits & CharClass.NUMBER) != 0) {
      return Scanner.digits(text, i, to, 3);
    }
    int symbol = c == ' ' && next < to ? next : i;
    if ((Scanner.classAt(text, symbol, to) & KNOWN) == 0) {
      int end = Scanner.runWithout(text, symbol, to, KNOWN);
      while (end < to && (text[end] == '\r' || text[end] == '\n' || text[end] == '/')) {
        end++;
      }
      return end;
    }
    return Scanner.spaceWithLines(text, i, to);
  }

  /** Any capitals, then at least one small letter; -1 if that is not there. */
  private static int capitalised(char[] text, int i, int to) {
    int upper = Scanner.run(text, i, to, CharClass.UPPER_LIKE);
    int end = Scanner.run(text, upper, to, CharClass.LOWER_LIKE);
    if (end > upper) {
      return end;
    }
    // The capitals give characters back until one counts as small, too.
    for (int k = upper; k > i; ) {
      int c = Character.codePointBefore(text, k, i);
      if (CharClass.is(c, CharClass.LOWER_LIKE)) {
        return k;
      }
      k -= Character.charCount(c);
    }
    return -1;
  }

  /** At least one capital, then any small letters; -1 if that is not there. */
  private static int capitals(char[] text, int i, int to) {
    int upper = Scanner.run(text, i, to, CharClass.UPPER_LIKE);
    return upper == i ? -1 : Scanner.run(text, upper, to, CharClass.LOWER_LIKE);
  }
}
