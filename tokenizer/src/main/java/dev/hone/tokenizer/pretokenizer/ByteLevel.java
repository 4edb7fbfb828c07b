package dev.hone.tokenizer.pretokenizer;

import dev.hone.tokenizer.regex.Scanner;
import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.ByteChars;
import dev.hone.tokenizer.text.Pieces;

/**
 * GPT-2's: optionally a space before the text, optionally cut into words, then every UTF-8 byte becomes
 * one printable character.
 */
public record ByteLevel(boolean addPrefixSpace, boolean useRegex) implements PreTokenizer {
  private static final PreTokenizer WORDS =
      new Split(Scanner.forRegex(Scanner.Known.GPT2), SplitBehavior.ISOLATED, false);

  @Override
  public void apply(Pieces pieces) {
    if (addPrefixSpace) {
      pieces.rewrite(ByteLevel::prefix);
    }
    if (useRegex) {
      WORDS.apply(pieces);
    }
    pieces.rewrite(ByteChars::encode);
  }

  private static void prefix(AlignedText in, int from, int to, AlignedText out) {
    if (in.chars()[from] != ' ') {
      out.append(' ', in.origin(from, from + Scanner.width(in.chars(), from, to)));
    }
    out.append(in, from, to);
  }
}
