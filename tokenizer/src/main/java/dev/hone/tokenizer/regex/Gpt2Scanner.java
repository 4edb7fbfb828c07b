package dev.hone.tokenizer.regex;

import dev.hone.tokenizer.unicode.CharClass;

/**
 * {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}: words, numbers and
 * symbols, each with one space before it.
 */
record Gpt2Scanner() implements Scanner {
  private static final int KNOWN = CharClass.SPACE | CharClass.LETTER | CharClass.NUMBER;

  @Override
  public int end(char[] text, int i, int to) {
    char c = text[i];
    if (c == '\'') {
      int end = contraction(text, i, to);
      if (end > i) {
        return end;
      }
    }
    int word = c == ' ' && i + 1 < to ? i + 1 : i;
    int bits = Scanner.classAt(text, word, to);
    if ((bits & CharClass.LETTER) != 0) {
      return Scanner.run(text, word, to, CharClass.LETTER);
    }
    if ((bits & CharClass.NUMBER) != 0) {
      return Scanner.run(text, word, to, CharClass.NUMBER);
    }
    if ((bits & CharClass.SPACE) == 0) {
      return Scanner.runWithout(text, word, to, KNOWN);
    }
    return Scanner.space(text, i, to);
  }

  private static int contraction(char[] text, int i, int to) {
    if (i + 1 >= to) {
      return i;
    }
    char second = i + 2 < to ? text[i + 2] : 0;
    return switch (text[i + 1]) {
      case 's', 't', 'm', 'd' -> i + 2;
      case 'r', 'v' -> second == 'e' ? i + 3 : i;
      case 'l' -> second == 'l' ? i + 3 : i;
      default -> i;
    };
  }
}
