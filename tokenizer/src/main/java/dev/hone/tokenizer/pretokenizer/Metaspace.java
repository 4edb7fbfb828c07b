package dev.hone.tokenizer.pretokenizer;

import dev.hone.tokenizer.regex.CharSearch;
import dev.hone.tokenizer.regex.Scanner;
import dev.hone.tokenizer.text.AlignedText;
import dev.hone.tokenizer.text.Pieces;

/**
 * SentencePiece's: every space becomes a visible character, one is put before the text, and words begin
 * with it.
 *
 * @param replacement the visible character, usually U+2581
 * @param prepend when one is put before a piece that does not begin with it
 * @param split whether text is cut into words
 */
public record Metaspace(int replacement, Prepend prepend, boolean split) implements PreTokenizer {

  /** When the visible space is put before a piece. */
  public enum Prepend {
    /** Always. */
    ALWAYS,
    /** Only where the original text begins. */
    FIRST,
    /** Never. */
    NEVER
  }

  @Override
  public void apply(Pieces pieces) {
    pieces.rewrite(this::rewrite);
    if (split && replacement < 0x10000) {
      pieces.split((text, from, to, out) -> split(text.chars(), from, to, (char) replacement, out));
    } else if (split) {
      CharSearch space = new CharSearch.Exactly(replacement);
      pieces.split((text, from, to, out) ->
          SplitBehavior.MERGED_WITH_NEXT.split(space, false, text.chars(), from, to, out));
    }
  }

  /** A new piece begins at every visible space. */
  private static void split(char[] chars, int from, int to, char space, Pieces out) {
    int start = from;
    for (int i = from + 1; i < to; i++) {
      if (chars[i] != space) {
        continue;
      }
      out.add(start, i);
      start = i;
    }
    out.add(start, to);
  }

  private void rewrite(AlignedText in, int from, int to, AlignedText out) {
    char[] text = in.chars();
    int first = Character.codePointAt(text, from, to);
    boolean present = first == ' ' || first == replacement;
    boolean wanted = prepend == Prepend.ALWAYS || prepend == Prepend.FIRST && in.originStart(from) == 0;
    if (wanted && !present) {
      out.appendCodePoint(replacement, in.origin(from, from + Scanner.width(text, from, to)));
    }
    int copied = from;
    for (int i = from; i < to; i++) {
      if (text[i] != ' ') {
        continue;
      }
      out.append(in, copied, i);
      out.appendCodePoint(replacement, in.origin(i, i + 1));
      copied = i + 1;
    }
    out.append(in, copied, to);
  }
}
