package dev.hone.tokenizer.pretokenizer;

import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.Pieces;
import dev.hone.tokenizer.unicode.CharClass;

/** Words between white space, every punctuation character a piece of its own. */
public record BertPreTokenizer() implements PreTokenizer {
  private static final int BREAK = CharClass.SPACE | CharClass.PUNCTUATION;

  @Override
  public void apply(Pieces pieces) {
    pieces.split(BertPreTokenizer::split);
  }

  private static void split(AlignedText text, int from, int to, Pieces out) {
    char[] chars = text.chars();
    int start = from;
    for (int i = from; i < to; i++) {
      char c = chars[i];
      int width = 1;
      int bits;
      if (Character.isHighSurrogate(c) && i + 1 < to) {
        bits = CharClass.of(Character.toCodePoint(c, chars[i + 1]));
        width = 2;
      } else {
        bits = CharClass.of(c);
      }
      if ((bits & BREAK) != 0) {
        out.add(start, i);
        start = i + width;
        if ((bits & CharClass.SPACE) == 0) {
          out.add(i, start);
        }
      }
      i += width - 1;
    }
    out.add(start, to);
  }
}
