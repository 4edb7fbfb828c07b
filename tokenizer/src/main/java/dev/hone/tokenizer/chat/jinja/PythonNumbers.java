package dev.hone.tokenizer.chat.jinja;

import java.math.BigInteger;
import java.util.Locale;

/** {@code int("...")} and {@code float("...")}: what of a text Python reads as a number. */
final class PythonNumbers {
  private static final int MAX_DIGITS = 4300;

  private PythonNumbers() {}

  /** {@return the value, or null if {@code text} is not an integer of that base} */
  static Object parseInt(String text, int base) {
    String s = CharacterClasses.strip(text, true, true);
    boolean negative = s.startsWith("-");
    if (negative || s.startsWith("+")) {
      s = s.substring(1);
    }
    int radix = base;
    int prefixed = s.length() > 1 && s.charAt(0) == '0' ? radix(s.charAt(1)) : 0;
    if (prefixed != 0 && (base == 0 || base == prefixed)) {
      s = s.startsWith("_", 2) ? s.substring(3) : s.substring(2);
      radix = prefixed;
    } else if (base == 0) {
      radix = 10;
    }
    if (radix < 2 || radix > 36 || s.length() > MAX_DIGITS || !isDigits(s, radix)) {
      return null;
    }
    BigInteger value = new BigInteger(s.replace("_", ""), radix);
    return Values.integer(negative ? value.negate() : value);
  }

  private static int radix(char c) {
    return switch (c) {
      case 'b', 'B' -> 2;
      case 'o', 'O' -> 8;
      case 'x', 'X' -> 16;
      default -> 0;
    };
  }

  /** Digits with single underscores between them. */
  private static boolean isDigits(String s, int radix) {
    boolean digit = false;
    for (int i = 0; i < s.length(); i++) {
      boolean underscore = s.charAt(i) == '_';
      if (underscore ? !digit : Character.digit(s.charAt(i), radix) < 0) {
        return false;
      }
      digit = !underscore;
    }
    return digit;
  }

  /** {@return the value, or null if {@code text} is not a number} */
  static Double parseFloat(String text) {
    String s = CharacterClasses.strip(text, true, true);
    if (s.length() > MAX_DIGITS) {
      return null;
    }
    String unsigned = s.startsWith("-") || s.startsWith("+") ? s.substring(1) : s;
    double sign = s.startsWith("-") ? -1 : 1;
    switch (unsigned.toLowerCase(Locale.ROOT)) {
      case "inf", "infinity" -> {
        return sign * Double.POSITIVE_INFINITY;
      }
      case "nan" -> {
        return Double.NaN;
      }
      default -> {
        return isDecimal(unsigned) ? sign * Double.parseDouble(unsigned.replace("_", "")) : null;
      }
    }
  }

  private static boolean isDecimal(String s) {
    int e = Math.max(s.indexOf('e'), s.indexOf('E'));
    if (e == 0 || e > 0 && !isDigits(unsigned(s.substring(e + 1)), 10)) {
      return false;
    }
    String mantissa = e < 0 ? s : s.substring(0, e);
    int point = mantissa.indexOf('.');
    if (point < 0) {
      return isDigits(mantissa, 10);
    }
    String whole = mantissa.substring(0, point);
    String fraction = mantissa.substring(point + 1);
    return (whole.isEmpty() || isDigits(whole, 10)) && (fraction.isEmpty() || isDigits(fraction, 10))
        && mantissa.length() > 1;
  }

  private static String unsigned(String s) {
    return s.startsWith("-") || s.startsWith("+") ? s.substring(1) : s;
  }
}
