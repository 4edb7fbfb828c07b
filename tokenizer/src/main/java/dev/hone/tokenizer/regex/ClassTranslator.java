package dev.hone.tokenizer.regex;

import dev.hone.tokenizer.definition.TokenizerException;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;

/** The part of {@link RegexTranslator} that rewrites character classes and what may stand in them. */
final class ClassTranslator {
  /** Unicode White_Space. */
  static final String SPACE = "\\t-\\r\\x20\\x85\\xA0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000";
  /** Word characters; the Latin-1 superscripts and fractions are a peculiarity of the other engine. */
  static final String WORD = "\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}\\xB2\\xB3\\xB9\\xBC-\\xBE";
  private static final int MAX_DEPTH = 50;

  private static final Map<String, String> CATEGORIES = Map.ofEntries(
      Map.entry("letter", "L"), Map.entry("uppercaseletter", "Lu"), Map.entry("lowercaseletter", "Ll"),
      Map.entry("titlecaseletter", "Lt"), Map.entry("modifierletter", "Lm"), Map.entry("otherletter", "Lo"),
      Map.entry("casedletter", "LC"), Map.entry("mark", "M"), Map.entry("nonspacingmark", "Mn"),
      Map.entry("spacingmark", "Mc"), Map.entry("enclosingmark", "Me"), Map.entry("number", "N"),
      Map.entry("decimalnumber", "Nd"), Map.entry("letternumber", "Nl"), Map.entry("othernumber", "No"),
      Map.entry("punctuation", "P"), Map.entry("connectorpunctuation", "Pc"), Map.entry("dashpunctuation", "Pd"),
      Map.entry("openpunctuation", "Ps"), Map.entry("closepunctuation", "Pe"),
      Map.entry("initialpunctuation", "Pi"), Map.entry("finalpunctuation", "Pf"),
      Map.entry("otherpunctuation", "Po"), Map.entry("symbol", "S"), Map.entry("mathsymbol", "Sm"),
      Map.entry("currencysymbol", "Sc"), Map.entry("modifiersymbol", "Sk"), Map.entry("othersymbol", "So"),
      Map.entry("separator", "Z"), Map.entry("spaceseparator", "Zs"), Map.entry("lineseparator", "Zl"),
      Map.entry("paragraphseparator", "Zp"), Map.entry("other", "C"), Map.entry("control", "Cc"),
      Map.entry("format", "Cf"), Map.entry("privateuse", "Co"), Map.entry("surrogate", "Cs"),
      Map.entry("unassigned", "Cn"));

  private static final Map<String, String> POSIX = Map.ofEntries(
      Map.entry("alnum", "\\p{IsAlphabetic}\\p{Nd}"), Map.entry("alpha", "\\p{IsAlphabetic}"),
      Map.entry("ascii", "\\x00-\\x7F"), Map.entry("blank", "\\t\\p{Zs}"), Map.entry("cntrl", "\\p{Cc}"),
      Map.entry("digit", "\\p{Nd}"), Map.entry("lower", "\\p{IsLowercase}"), Map.entry("upper", "\\p{IsUppercase}"),
      Map.entry("punct", "\\p{P}\\p{S}"), Map.entry("space", SPACE), Map.entry("xdigit", "0-9A-Fa-f"),
      Map.entry("word", WORD), Map.entry("any", "\\x{0}-\\x{10FFFF}"), Map.entry("whitespace", SPACE),
      Map.entry("alphabetic", "\\p{IsAlphabetic}"), Map.entry("lowercase", "\\p{IsLowercase}"),
      Map.entry("uppercase", "\\p{IsUppercase}"), Map.entry("ideographic", "\\p{IsIdeographic}"),
      Map.entry("emoji", "\\p{IsEmoji}"), Map.entry("emojipresentation", "\\p{IsEmoji_Presentation}"),
      Map.entry("extendedpictographic", "\\p{IsExtended_Pictographic}"),
      Map.entry("assigned", "\\P{Cn}"));

  private final String in;
  private final IntSupplier position;
  private final IntConsumer move;
  private final Function<String, TokenizerException> error;
  private int single = -1;
  private int depth;

  ClassTranslator(String in, IntSupplier position, IntConsumer move, Function<String, TokenizerException> error) {
    this.in = in;
    this.position = position;
    this.move = move;
    this.error = error;
  }

  /** The code point the last escape stood for, or -1 if it was a class. */
  int single() {
    return single;
  }

  /** Writes a code point so that it stands for itself anywhere. */
  static void literal(int codePoint, StringBuilder out) {
    if (codePoint < 128 && Character.isLetterOrDigit(codePoint)) {
      out.append((char) codePoint);
    } else {
      out.append("\\x{").append(Integer.toHexString(codePoint)).append('}');
    }
  }

  private int at() {
    return position.getAsInt();
  }

  private boolean more() {
    return at() < in.length();
  }

  private char peek() {
    if (!more()) {
      throw error.apply("a '[' without ']'");
    }
    return in.charAt(at());
  }

  private boolean take(String expected) {
    if (!in.startsWith(expected, at())) {
      return false;
    }
    move.accept(at() + expected.length());
    return true;
  }

  private int takeCodePoint() {
    int c = in.codePointAt(at());
    move.accept(at() + Character.charCount(c));
    return c;
  }

  /** A class whose opening bracket has been read, up to and including its end. */
  String bracket() {
    if (++depth > MAX_DEPTH) {
      throw error.apply("classes nested more than " + MAX_DEPTH + " deep");
    }
    StringBuilder out = new StringBuilder(take("^") ? "[^" : "[");
    boolean any = false;
    int start = -1; // the character that may begin a range
    while (!(peek() == ']' && any)) {
      if (take("&&")) {
        out.append("&&");
        start = -1;
        continue;
      }
      if (start >= 0 && peek() == '-' && in.charAt(Math.min(at() + 1, in.length() - 1)) != ']') {
        take("-");
        int end = member(out, true);
        if (end >= 0) {
          if (end < start) {
            throw error.apply("a range that ends before it begins");
          }
          out.append('-');
          literal(end, out);
          start = -1;
          continue;
        }
        // A class cannot end a range: the dash is a dash (the class has been written already).
        literal('-', out);
        start = -1;
        continue;
      }
      start = member(out, false);
      if (start >= 0) {
        literal(start, out);
      }
      any = true;
    }
    take("]");
    depth--;
    return out.append(']').toString();
  }

  /** One member: returns a single character without writing it; writes a class and returns -1. */
  private int member(StringBuilder out, boolean rangeEnd) {
    char c = peek();
    if (c == '[') {
      if (take("[:")) {
        out.append(posix());
        return -1;
      }
      take("[");
      out.append(bracket());
      return -1;
    }
    if (c != '\\') {
      return takeCodePoint();
    }
    take("\\");
    if (take("b")) {
      return '\b';
    }
    String item = escape();
    if (single >= 0) {
      return single;
    }
    out.append(item);
    return -1;
  }

  private String posix() {
    boolean not = take("^");
    int end = in.indexOf(":]", at());
    String name = end < 0 ? "" : in.substring(at(), end);
    String members = POSIX.get(name);
    if (members == null) {
      throw error.apply("the bracket [:" + name + ":] is not known");
    }
    move.accept(end + 2);
    return not ? "[^" + members + "]" : members;
  }

  /** What follows a backslash: a character, see {@link #single}, or the members of a class. */
  String escape() {
    single = -1;
    if (!more()) {
      throw error.apply("a '\\' at the end");
    }
    int c = takeCodePoint();
    switch (c) {
      case 's' -> {
        return SPACE;
      }
      case 'S' -> {
        return "[^" + SPACE + "]";
      }
      case 'w' -> {
        return WORD;
      }
      case 'W' -> {
        return "[^" + WORD + "]";
      }
      case 'd' -> {
        return "\\p{Nd}";
      }
      case 'D' -> {
        return "\\P{Nd}";
      }
      case 'h' -> {
        return "0-9A-Fa-f";
      }
      case 'H' -> {
        return "[^0-9A-Fa-f]";
      }
      case 'p' -> {
        return property(false);
      }
      case 'P' -> {
        return property(true);
      }
      case 't' -> single = '\t';
      case 'n' -> single = '\n';
      case 'r' -> single = '\r';
      case 'f' -> single = '\f';
      case 'a' -> single = 7;
      case 'e' -> single = 27;
      case 'v' -> single = 11;
      case 'x' -> single = take("{") ? hexUntilBrace() : hex(0, 2);
      case 'u' -> single = hex(4, 4);
      case '0' -> single = octal();
      default -> {
        if (c < 128 && Character.isLetterOrDigit(c)) {
          throw error.apply("\\" + (char) c + " cannot be translated");
        }
        single = c;
      }
    }
    return null;
  }

  private int hexUntilBrace() {
    int end = in.indexOf('}', at());
    String digits = end < 0 ? "" : in.substring(at(), end);
    if (!digits.matches("[0-9A-Fa-f]{1,6}")) {
      throw error.apply("a malformed \\x{...}");
    }
    int value = Integer.parseInt(digits, 16);
    if (!Character.isValidCodePoint(value)) {
      throw error.apply("\\x{" + digits + "} is no character");
    }
    move.accept(end + 1);
    return value;
  }

  private int hex(int least, int most) {
    int value = 0;
    int n = 0;
    while (n < most && more() && Character.digit(in.charAt(at()), 16) >= 0) {
      value = value * 16 + Character.digit(in.charAt(at()), 16);
      move.accept(at() + 1);
      n++;
    }
    if (n < least) {
      throw error.apply("too few hexadecimal digits");
    }
    return value;
  }

  private int octal() {
    int value = 0;
    for (int n = 0; n < 2 && more() && in.charAt(at()) >= '0' && in.charAt(at()) <= '7'; n++) {
      value = value * 8 + in.charAt(at()) - '0';
      move.accept(at() + 1);
    }
    return value;
  }

  /** A property name in braces, after \p or \P. */
  private String property(boolean not) {
    int end = in.indexOf('}', at());
    if (!take("{") || end < 0) {
      throw error.apply("\\p needs a property in braces");
    }
    boolean negated = not ^ take("^");
    String written = in.substring(at(), end);
    move.accept(end + 1);
    String members = members(written);
    return negated ? "[^" + members + "]" : members;
  }

  private String members(String written) {
    String name = written.replaceAll("[ _-]", "").toLowerCase(Locale.ROOT);
    if (name.matches("l[ultmoc]?|m[nce]?|n[dlo]?|p[cdseifo]?|s[mcko]?|z[slp]?|c[cfosn]?")) {
      String category = name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
      return "\\p{" + (category.equals("Lc") ? "LC" : category) + "}";
    }
    String category = CATEGORIES.get(name);
    if (category != null) {
      return "\\p{" + category + "}";
    }
    String posix = POSIX.get(name);
    if (posix != null) {
      return posix;
    }
    try {
      return "\\p{Is" + Character.UnicodeScript.forName(written.trim().replace(' ', '_').replace('-', '_')) + "}";
    } catch (IllegalArgumentException e) {
      throw error.apply("the property " + written + " is not known");
    }
  }
}
