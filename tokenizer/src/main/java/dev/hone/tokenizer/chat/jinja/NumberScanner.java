package dev.hone.tokenizer.chat.jinja;

import java.math.BigInteger;

/** Reads an int or float literal of a template; underscores may separate digits. */
final class NumberScanner {
  private static final int MAX_DIGITS = 1000;

  /**
   * A literal's value and where it ends.
   *
   * @param value a {@code Long}, {@code BigInteger} or {@code Double}
   * @param end the offset after its last character
   */
  record Result(Object value, int end) {}

  private NumberScanner() {}

  static Result scan(String source, int from) {
    int radix = from + 1 < source.length() && source.charAt(from) == '0' ? radix(source.charAt(from + 1)) : 10;
    if (radix != 10) {
      int start = from + (source.startsWith("_", from + 2) ? 3 : 2);
      int end = digits(source, start, radix);
      if (end > start) {
        return integer(source.substring(start, end), radix, end);
      }
    }
    int whole = digits(source, from, 10);
    // "x.0.1" is two subscripts, not a float.
    boolean subscript = from > 0 && source.charAt(from - 1) == '.';
    if (!subscript) {
      int end = exponent(source, fraction(source, whole));
      if (end > whole) {
        return new Result(Double.valueOf(source.substring(from, end).replace("_", "")), end);
      }
    }
    if (source.charAt(from) == '0') {
      whole = from + 1;   // no leading zeros, unless there are only zeros
      while (source.startsWith("0", whole) || source.startsWith("_0", whole)) {
        whole += source.charAt(whole) == '0' ? 1 : 2;
      }
    }
    return integer(source.substring(from, whole), 10, whole);
  }

  private static int radix(char c) {
    return switch (c) {
      case 'b', 'B' -> 2;
      case 'o', 'O' -> 8;
      case 'x', 'X' -> 16;
      default -> 10;
    };
  }

  private static int digits(String s, int from, int radix) {
    int i = from;
    while (i < s.length() && (isDigit(s, i, radix) || s.charAt(i) == '_' && i > from && isDigit(s, i + 1, radix))) {
      i++;
    }
    return i;
  }

  private static boolean isDigit(String s, int i, int radix) {
    return i < s.length() && s.charAt(i) < 0x80 && Character.digit(s.charAt(i), radix) >= 0;
  }

  private static int fraction(String s, int from) {
    return s.startsWith(".", from) && isDigit(s, from + 1, 10) ? digits(s, from + 1, 10) : from;
  }

  private static int exponent(String s, int from) {
    if (!s.startsWith("e", from) && !s.startsWith("E", from)) {
      return from;
    }
    int i = from + 1;
    if (s.startsWith("+", i) || s.startsWith("-", i)) {
      i++;
    }
    return isDigit(s, i, 10) ? digits(s, i, 10) : from;
  }

  private static Result integer(String digits, int radix, int end) {
    if (digits.length() > MAX_DIGITS) {
      throw JinjaException.limit("an integer of " + digits.length() + " digits; at most " + MAX_DIGITS + " are read");
    }
    return new Result(Values.integer(new BigInteger(digits.replace("_", ""), radix)), end);
  }
}
