package dev.hone.train.page;

import java.util.Locale;

/** Text and numbers as HTML and SVG hold them. */
final class Markup {
  private Markup() {}

  /** Text for elements and quoted attributes; what no document may hold becomes U+FFFD. */
  static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints().forEach(c -> {
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        default -> out.appendCodePoint(allowed(c) ? c : 0xFFFD);
      }
    });
    return out.toString();
  }

  /** Control characters and lone surrogates are no text. */
  private static boolean allowed(int c) {
    return c >= 0x20 && !(c >= 0x7F && c < 0xA0) && !(c >= 0xD800 && c < 0xE000) && (c & 0xFFFE) != 0xFFFE
        || c == '\n' || c == '\t' || c == '\r';
  }

  /** A number for people: whole ones with thousands apart, others with four digits that count. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "−∞";
    }
    double size = Math.abs(value);
    if (value == Math.rint(value) && size < 1e15) {
      return String.format(Locale.ROOT, "%,d", (long) value);
    }
    if (size >= 1e6 || size < 1e-3) {
      return exponent(String.format(Locale.ROOT, "%.3e", value));
    }
    int digits = 4 - Math.clamp((int) Math.ceil(Math.log10(size)), -1, 4); // 0.01234, 0.1234, 12.34, 123.4, 1234
    String text = String.format(Locale.ROOT, "%,." + digits + "f", value);
    return text.indexOf('.') < 0 ? text : text.replaceFirst("\\.?0+$", "");
  }

  /** Without the zeros of {@code 1.500e-05}. */
  static String exponent(String text) {
    return text.replaceFirst("\\.?0*e", "e").replaceFirst("e([+-])0*(?=\\d)", "e$1").replace("e+", "e");
  }

  /** A coordinate: a tenth of a unit is finer than anyone sees. */
  static String coordinate(double value) {
    String text = String.format(Locale.ROOT, "%.1f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  /** Cut to so many characters, with an ellipsis. */
  static String cut(String text, int characters) {
    return text.codePointCount(0, text.length()) <= characters ? text
        : text.substring(0, text.offsetByCodePoints(0, characters - 1)) + "…";
  }
}
