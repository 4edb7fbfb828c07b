package dev.hone.tokenizer.unicode;

/**
 * Classes of characters as bit sets, by one table look-up for the basic plane. The bits follow Unicode
 * 16, except {@link #PUNCTUATION}, which follows the table the reference uses.
 */
public final class CharClass {
  /** Unicode White_Space. Not {@link Character#isWhitespace}: that leaves out U+00A0 and adds U+001C. */
  public static final int SPACE = 1;
  /** {@code \p{L}}. */
  public static final int LETTER = 2;
  /** {@code \p{N}}: decimal digits, letter numbers and other numbers. */
  public static final int NUMBER = 4;
  /** ASCII punctuation and symbols, and {@code \p{P}}. */
  public static final int PUNCTUATION = 8;
  /** {@code \w}: alphabetic, marks, decimal digits, connectors, joiners. */
  public static final int WORD = 16;
  /** {@code [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]}: may stand in the capital part of a word. */
  public static final int UPPER_LIKE = 32;
  /** {@code [\p{Ll}\p{Lm}\p{Lo}\p{M}]}: may stand in the small part of a word. */
  public static final int LOWER_LIKE = 64;
  /** {@code \p{M}}. */
  public static final int MARK = 128;

  // P assigned after Unicode 8, which the reference's table does not have ...
  private static final CodePointSet NEWER_PUNCTUATION = new CodePointSet("""
      61d 9fd a76 c77 c84 1b4e-1b4f 1b7d-1b7f 2e43-2e4f 2e52-2e5d 10d6e 10ead 10f55-10f59 10f86-10f89
      113d4-113d5 113d7-113d8 1144b-1144f 1145a-1145b 1145d 11660-1166c 116b9 1183b 11944-11946 119e2
      11a3f-11a46 11a9a-11a9c 11a9e-11aa2 11b00-11b09 11be1 11c41-11c45 11c70-11c71 11ef7-11ef8
      11f43-11f4f 11fff 12ff1-12ff2 16d6d-16d6f 16e97-16e9a 16fe2 1e5ff 1e95e-1e95f""");
  // ... and what has left P since.
  private static final CodePointSet FORMER_PUNCTUATION = new CodePointSet("166d 111c9");

  private static final int KNOWN = 256;
  // Worked out when a character is first met: a text has few of them. Threads that race write the same.
  private static final short[] BASIC_PLANE = new short[0x10000];

  private CharClass() {}

  /** The classes of a code point. */
  public static int of(int codePoint) {
    return codePoint < 0x10000 ? of((char) codePoint) : compute(codePoint);
  }

  /** The classes of a UTF-16 unit that is no surrogate (a surrogate has none). */
  public static int of(char c) {
    int known = BASIC_PLANE[c];
    return known != 0 ? known & 0xFF : workOut(c);
  }

  private static int workOut(char c) {
    int bits = compute(c);
    BASIC_PLANE[c] = (short) (KNOWN | bits);
    return bits;
  }

  /** Whether the code point has any class of the given bits. */
  public static boolean is(int codePoint, int bits) {
    return (of(codePoint) & bits) != 0;
  }

  private static int compute(int c) {
    int bits = switch (Character.getType(c)) {
      case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> LETTER | UPPER_LIKE;
      case Character.LOWERCASE_LETTER -> LETTER | LOWER_LIKE;
      case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> LETTER | UPPER_LIKE | LOWER_LIKE;
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK ->
          MARK | WORD | UPPER_LIKE | LOWER_LIKE;
      case Character.DECIMAL_DIGIT_NUMBER -> NUMBER | WORD;
      case Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
      case Character.CONNECTOR_PUNCTUATION -> PUNCTUATION | WORD;
      case Character.DASH_PUNCTUATION, Character.START_PUNCTUATION, Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION, Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION -> PUNCTUATION;
      default -> 0;
    };
    if (Character.isAlphabetic(c) || c == 0x200C || c == 0x200D) {
      bits |= WORD;
    }
    if (isWhiteSpace(c)) {
      bits |= SPACE;
    }
    if (c > ' ' && c < 0x7F && !Character.isLetterOrDigit(c)) {
      bits |= PUNCTUATION;
    }
    if (NEWER_PUNCTUATION.contains(c)) {
      bits &= ~PUNCTUATION;
    }
    if (FORMER_PUNCTUATION.contains(c)) {
      bits |= PUNCTUATION;
    }
    return bits;
  }

  private static boolean isWhiteSpace(int c) {
    return c >= 0x09 && c <= 0x0D || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680
        || c >= 0x2000 && c <= 0x200A || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F
        || c == 0x3000;
  }
}
