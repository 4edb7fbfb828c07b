package dev.hone.tokenizer.regex;

import dev.hone.tokenizer.unicode.CharClass;

/**
 * {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*}
 * {@code |\s*[\r\n]+|\s+(?!\S)|\s+}, with any number of digits together.
 *
 * @param digits how many numbers make one word at most
 */
record Llama3Scanner(int digits) implements Scanner {
  private static final int KNOWN = CharClass.SPACE | CharClass.LETTER | CharClass.NUMBER;

  @Override
  public int end(char[] text, int i, int to) {
    char c = text[i];
    if (c == '\'') {
      int end = Scanner.contraction(text, i, to);
      if (end > i) {
        return end;
      }
    }
    int bits = Scanner.classAt(text, i, to);
    if ((bits & CharClass.LETTER) != 0) {
      return Scanner.run(text, i, to, CharClass.LETTER);
    }
    if ((bits & CharClass.NUMBER) != 0) {
      return Scanner.digits(text, i, to, digits);
    }
    int next = i + Scanner.width(text, i, to);
    if (next < to && c != '\r' && c != '\n' && (Scanner.classAt(text, next, to) & CharClass.LETTER) != 0) {
      return Scanner.run(text, next, to, CharClass.LETTER);
    }
    int symbol = c == ' ' && next < to ? next : i;
    if ((Scanner.classAt(text, symbol, to) & KNOWN) == 0) {
      int end = Scanner.runWithout(text, symbol, to, KNOWN);
      while (end < to && (text[end] == '\r' || text[end] == '\n')) {
        end++;
      }
      return end;
    }
    return Scanner.spaceWithLines(text, i, to);
  }
}
