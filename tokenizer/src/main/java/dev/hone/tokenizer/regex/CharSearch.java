package dev.hone.tokenizer.regex;

import dev.hone.tokenizer.unicode.CharClass;

/** Single characters of a class, each a match of its own. */
public sealed interface CharSearch extends Search {

  /** Whether a code point is looked for. */
  boolean matches(int codePoint);

  /** Characters that have one of the given {@link CharClass} bits. */
  record OfClass(int bits) implements CharSearch {
    @Override
    public boolean matches(int codePoint) {
      return CharClass.is(codePoint, bits);
    }
  }

  /** One given code point. */
  record Exactly(int wanted) implements CharSearch {
    @Override
    public boolean matches(int codePoint) {
      return codePoint == wanted;
    }
  }

  @Override
  default Hits in(char[] text, int from, int to) {
    int[] at = {from};
    return () -> {
      for (int i = at[0]; i < to; ) {
        int c = Character.codePointAt(text, i, to);
        int end = i + Character.charCount(c);
        if (matches(c)) {
          at[0] = end;
          return Search.hit(i, end);
        }
        i = end;
      }
      at[0] = to;
      return NONE;
    };
  }
}
