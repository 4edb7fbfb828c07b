package dev.hone.tokenizer.regex;

/** Something that can be found in text. Immutable. */
public sealed interface Search permits Literal, CharSearch, CompiledRegex, Scanner {
  /** Answer of {@link Hits#next} when nothing is left. */
  long NONE = -1;

  /** A search through text[from, to), which is all of the text as far as anchors are concerned. */
  Hits in(char[] text, int from, int to);

  /** The matches in one stretch of text, from left to right, without overlap. */
  @FunctionalInterface
  interface Hits {
    /** The next match, start in the upper half and end in the lower; {@link #NONE} if there is none. */
    long next();
  }

  /** Packs a match. */
  static long hit(int start, int end) {
    return (long) start << 32 | end;
  }

  /** Start of a match. */
  static int start(long hit) {
    return (int) (hit >>> 32);
  }

  /** End of a match. */
  static int end(long hit) {
    return (int) hit;
  }
}
