package dev.hone.tokenizer.pretokenizer;

import dev.hone.tokenizer.regex.CharSearch;
import dev.hone.tokenizer.regex.Scanner;
import dev.hone.tokenizer.regex.Search;
import dev.hone.tokenizer.text.Pieces;
import dev.hone.tokenizer.unicode.CharClass;
import java.util.List;

/** Cuts the pieces of a text into smaller ones, some also rewrite them. Immutable and stateless. */
public sealed interface PreTokenizer permits BertPreTokenizer, ByteLevel, Metaspace, UnicodeScripts,
    Words, PreTokenizer.Split, PreTokenizer.FixedLength, PreTokenizer.Sequence {

  /** Cuts every piece that is no added token. */
  void apply(Pieces pieces);

  /** Cuts at whatever a search finds. */
  record Split(Search search, SplitBehavior behavior, boolean invert) implements PreTokenizer {
    @Override
    public void apply(Pieces pieces) {
      switch (search) {
        case Scanner words when keepsWords() -> pieces.split((text, from, to, out) -> {
          char[] chars = text.chars();
          for (int i = from, end; i < to; i = end) {
            out.add(i, end = words.end(chars, i, to));
          }
        });
        case CharSearch.OfClass(int bits) when behavior == SplitBehavior.REMOVED && !invert ->
            pieces.split((text, from, to, out) -> {
              char[] chars = text.chars();
              for (int i = from, end; i < to; i = Scanner.run(chars, end, to, bits)) {
                out.add(i, end = Scanner.runWithout(chars, i, to, bits));
              }
            });
        default -> pieces.split((text, from, to, out) ->
            behavior.split(search, invert, text.chars(), from, to, out));
      }
    }

    /** A scanner's words leave nothing between them, so keeping them is all there is to do. */
    private boolean keepsWords() {
      return invert ? behavior == SplitBehavior.REMOVED : behavior == SplitBehavior.ISOLATED;
    }

    /** Cuts at white space and drops it. */
    public static Split whitespace() {
      return new Split(new CharSearch.OfClass(CharClass.SPACE), SplitBehavior.REMOVED, false);
    }

    /** Cuts at punctuation. */
    public static Split punctuation(SplitBehavior behavior) {
      return new Split(new CharSearch.OfClass(CharClass.PUNCTUATION), behavior, false);
    }

    /** Separates numbers from other text, if asked for also from each other. */
    public static Split digits(boolean individual) {
      return new Split(new CharSearch.OfClass(CharClass.NUMBER),
          individual ? SplitBehavior.ISOLATED : SplitBehavior.CONTIGUOUS, false);
    }

    /** Cuts at one character and drops it. */
    public static Split delimiter(int codePoint) {
      return new Split(new CharSearch.Exactly(codePoint), SplitBehavior.REMOVED, false);
    }
  }

  /** Pieces of n code points each, the last may be shorter. */
  record FixedLength(int length) implements PreTokenizer {
    @Override
    public void apply(Pieces pieces) {
      pieces.split((text, from, to, out) -> {
        int start = from;
        int count = 0;
        for (int i = from; i < to; count++) {
          if (count == length) {
            out.add(start, i);
            start = i;
            count = 0;
          }
          i += Character.charCount(Character.codePointAt(text.chars(), i, to));
        }
        out.add(start, to);
      });
    }
  }

  /** Several pre-tokenisers, one after the other. */
  record Sequence(List<PreTokenizer> steps) implements PreTokenizer {
    /** Keeps a copy of the list. */
    public Sequence {
      steps = List.copyOf(steps);
    }

    @Override
    public void apply(Pieces pieces) {
      for (PreTokenizer step : steps) {
        step.apply(pieces);
      }
    }
  }
}
