package dev.hone.tokenizer.pretokenizer;

import dev.hone.tokenizer.regex.Scanner;
import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.Pieces;
import dev.hone.tokenizer.unicode.CharClass;

/** Runs of word characters and runs of other characters, without white space: {@code \w+|[^\w\s]+}. */
public record Words() implements PreTokenizer {
  @Override
  public void apply(Pieces pieces) {
    pieces.split(Words::split);
  }

  private static void split(AlignedText text, int from, int to, Pieces out) {
    char[] chars = text.chars();
    for (int i = from; i < to; ) {
      int bits = Scanner.classAt(chars, i, to);
      int end;
      if ((bits & CharClass.WORD) != 0) {
        end = Scanner.run(chars, i, to, CharClass.WORD);
      } else if ((bits & CharClass.SPACE) != 0) {
        end = i;
      } else {
        end = Scanner.runWithout(chars, i, to, CharClass.WORD | CharClass.SPACE);
      }
      out.add(i, end);
      i = end > i ? end : i + 1;
    }
  }
}
