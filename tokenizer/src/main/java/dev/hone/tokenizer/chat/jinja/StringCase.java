package dev.hone.tokenizer.chat.jinja;

import static java.util.Map.entry;

import dev.hone.tokenizer.chat.jinja.StringMethods.TextMethod;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;

/** The methods of {@code str} about case, kinds of characters, and padding. */
final class StringCase {
  static final Map<String, TextMethod> METHODS = Map.ofEntries(
      entry("lower", (s, a, b) -> lower(plain("lower", s, a, b))),
      entry("upper", (s, a, b) -> upper(plain("upper", s, a, b))),
      entry("casefold", (s, a, b) -> lower(upper(plain("casefold", s, a, b)))),
      entry("capitalize", (s, a, b) -> capitalize(plain("capitalize", s, a, b))),
      entry("title", (s, a, b) -> title(plain("title", s, a, b))),
      entry("swapcase", (s, a, b) -> swapCase(plain("swapcase", s, a, b))),
      entry("islower", (s, a, b) -> isLower(plain("islower", s, a, b))),
      entry("isupper", (s, a, b) -> isUpper(plain("isupper", s, a, b))),
      entry("istitle", (s, a, b) -> isTitle(plain("istitle", s, a, b))),
      entry("isspace", all("isspace", CharacterClasses::isSpace)),
      entry("isalpha", all("isalpha", Character::isLetter)),
      entry("isdecimal", all("isdecimal", Character::isDigit)),
      entry("isdigit", all("isdigit", StringCase::isDigit)),
      entry("isnumeric", all("isnumeric", StringCase::isNumeric)),
      entry("isalnum", all("isalnum", c -> Character.isLetter(c) || isNumeric(c))),
      entry("isascii", (s, a, b) -> plain("isascii", s, a, b).chars().allMatch(c -> c < 0x80)),
      entry("isprintable", (s, a, b) -> plain("isprintable", s, a, b).codePoints()
          .allMatch(PythonText::isPrintable)),
      entry("isidentifier", (s, a, b) -> isIdentifier(plain("isidentifier", s, a, b))),
      entry("center", (s, a, b) -> pad("center", s, a, b)),
      entry("ljust", (s, a, b) -> pad("ljust", s, a, b)),
      entry("rjust", (s, a, b) -> pad("rjust", s, a, b)),
      entry("zfill", StringCase::zeroFill),
      entry("expandtabs", StringCase::expandTabs));

  private StringCase() {}

  private static String plain(String method, String s, GivenArguments arguments, Budget budget) {
    arguments.none(method);
    budget.chars(s.length());
    return s;
  }

  private static TextMethod all(String method, IntPredicate kind) {
    return (s, a, b) -> !plain(method, s, a, b).isEmpty() && s.codePoints().allMatch(kind);
  }

  static String lower(String s) {
    return s.toLowerCase(Locale.ROOT);
  }

  static String upper(String s) {
    return s.toUpperCase(Locale.ROOT);
  }

  static String capitalize(String s) {
    if (s.isEmpty()) {
      return s;
    }
    int first = s.codePointAt(0);
    // Lower-cased as a whole: a final sigma depends on what stands before it.
    return CharacterClasses.titleCase(first) + lower(s).substring(lower(Character.toString(first)).length());
  }

  /** A word is a run of letters that have a case: an apostrophe ends one. */
  private static String title(String s) {
    StringBuilder out = new StringBuilder(s.length());
    int i = 0;
    while (i < s.length()) {
      int start = i;
      while (i < s.length() && CharacterClasses.isCased(s.codePointAt(i))) {
        i += Character.charCount(s.codePointAt(i));
      }
      out.append(capitalize(s.substring(start, i)));
      if (i < s.length()) {
        out.appendCodePoint(s.codePointAt(i));
        i += Character.charCount(s.codePointAt(i));
      }
    }
    return out.toString();
  }

  private static String swapCase(String s) {
    StringBuilder out = new StringBuilder(s.length());
    s.codePoints().forEach(c -> {
      String one = Character.toString(c);
      out.append(Character.isUpperCase(c) ? lower(one) : Character.isLowerCase(c) ? upper(one) : one);
    });
    return out.toString();
  }

  static boolean isLower(String s) {
    return s.codePoints().anyMatch(Character::isLowerCase)
        && s.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  static boolean isUpper(String s) {
    return s.codePoints().anyMatch(Character::isUpperCase)
        && s.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  private static boolean isTitle(String s) {
    boolean inWord = false;
    boolean any = false;
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      boolean capital = Character.isUpperCase(c) || Character.isTitleCase(c);
      boolean small = Character.isLowerCase(c);
      if (capital && inWord || small && !inWord) {
        return false;
      }
      inWord = capital || small;
      any |= inWord;
    }
    return any;
  }

  /** Decimal digits, and those raised or lowered. */
  private static boolean isDigit(int c) {
    return Character.isDigit(c) || c == 0xb2 || c == 0xb3 || c == 0xb9 || c == 0x2070 || c >= 0x2074 && c <= 0x2079
        || c >= 0x2080 && c <= 0x2089;
  }

  private static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
  }

  private static boolean isIdentifier(String s) {
    return !s.isEmpty() && (s.charAt(0) == '_' || Character.isUnicodeIdentifierStart(s.codePointAt(0)))
        && s.codePoints().allMatch(Character::isUnicodeIdentifierPart);
  }

  private static String pad(String method, String s, GivenArguments arguments, Budget budget) {
    Object[] bound = arguments.bindRequired(method, 1, "width", "fillchar");
    String fill = bound[1] == null ? " " : GivenArguments.text(bound[1], "a fill character");
    if (CodePoints.length(fill) != 1) {
      throw JinjaException.value("The fill character must be exactly one character long");
    }
    int width = Values.index(bound[0], "a width");
    budget.scan(s.length());
    return switch (method) {
      case "ljust" -> pad(s, fill, width, 0, budget);
      case "rjust" -> pad(s, fill, width, 1, budget);
      default -> pad(s, fill, width, 0.5, budget);
    };
  }

  /** Pads to {@code width}; {@code left} is the share of the padding that goes to the left. */
  static String pad(String s, String fill, int width, double left, Budget budget) {
    int missing = width - CodePoints.length(s);
    if (missing <= 0) {
      return s;
    }
    budget.chars((long) s.length() + (long) missing * fill.length());
    // Python gives the odd one to the left if the width is odd.
    int before = left == 0.5 ? missing / 2 + (missing & width & 1) : (int) (missing * left);
    return fill.repeat(before) + s + fill.repeat(missing - before);
  }

  private static String zeroFill(String s, GivenArguments arguments, Budget budget) {
    int width = Values.index(arguments.bindRequired("zfill", 1, "width")[0], "a width");
    budget.scan(s.length());
    boolean signed = s.startsWith("+") || s.startsWith("-");
    return signed
        ? s.charAt(0) + pad(s.substring(1), "0", width - 1, 1, budget)
        : pad(s, "0", width, 1, budget);
  }

  private static String expandTabs(String s, GivenArguments arguments, Budget budget) {
    int size = Math.max(0, GivenArguments.integer(arguments.bind("expandtabs", "tabsize")[0], 8, "a tab size"));
    StringBuilder out = new StringBuilder();
    int column = 0;
    budget.chars(s.length());
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      if (c == '\t') {
        int spaces = size == 0 ? 0 : size - column % size;
        budget.chars(spaces);
        budget.length(out.length() + (long) spaces);
        out.repeat(' ', spaces);
        column += spaces;
      } else {
        out.appendCodePoint(c);
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }
}
