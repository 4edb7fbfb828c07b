package dev.hone.tokenizer.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;

/** {@code str(x)} and {@code repr(x)}: how Python prints a value. */
final class PythonText {
  private static final Limits BRIEF = new Limits(500, 1 << 20, 200, 0, 10);

  private PythonText() {}

  /** {@code str(x)}; an undefined value prints as nothing. */
  static String str(Object value, Budget budget) {
    return switch (value) {
      case String s -> s;
      case SafeText(String text) -> text;
      case Undefined _ -> "";
      default -> repr(value, budget);
    };
  }

  static String repr(Object value, Budget budget) {
    StringBuilder out = new StringBuilder();
    repr(value, out, budget);
    return out.toString();
  }

  private static void repr(Object value, StringBuilder out, Budget budget) {
    budget.step();
    int before = out.length();
    switch (value) {
      case Boolean b -> out.append(b ? "True" : "False");
      case Double d -> out.append(number(d));
      case String s -> quote(s, out);
      case SafeText(String text) -> quote(text, out.append("Markup(")).append(')');
      case PythonRange range -> out.append(range);
      case List<?> list -> elements("[", list, "]", out, budget);
      case Tuple(List<Object> items) -> elements("(", items, items.size() == 1 ? ",)" : ")", out, budget);
      case Dict dict -> entries(dict, out, budget);
      case DictView view -> elements(view.kind().typeName + "([", view.elements(), "])", out, budget);
      case Undefined _ -> out.append("Undefined");
      case Namespace namespace -> entries(namespace.attributes(), out.append("<Namespace "), budget).append('>');
      case Macro macro -> quote(macro.name(), out.append("<Macro ")).append('>');
      case LoopVariable loop -> out.append(loop);
      case None _, Long _, BigInteger _ -> out.append(value);
      default -> out.append('<').append(Values.typeName(value)).append(" object>");
    }
    if (!(value instanceof List<?> || value instanceof Dict || value instanceof Tuple)) {
      budget.chars(out.length() - before);
    }
  }

  private static StringBuilder elements(String open, List<?> items, String close, StringBuilder out, Budget budget) {
    budget.enter();
    out.append(open);
    String separator = "";
    for (Object item : items) {
      repr(item, out.append(separator), budget);
      separator = ", ";
    }
    budget.leave();
    return out.append(close);
  }

  private static StringBuilder entries(Dict dict, StringBuilder out, Budget budget) {
    budget.enter();
    out.append('{');
    String separator = "";
    List<Object> keys = dict.keys();
    List<Object> values = dict.values();
    for (int i = 0; i < keys.size(); i++) {
      repr(keys.get(i), out.append(separator), budget);
      repr(values.get(i), out.append(": "), budget);
      separator = ", ";
    }
    budget.leave();
    return out.append('}');
  }

  /** {@code repr} of a value for an error message: of a large one only the type. */
  static String brief(Object value) {
    if (value instanceof String s) {
      return quoteShort(s);
    }
    try {
      return repr(value, new Budget(BRIEF, 0));
    } catch (JinjaException _) {
      return "of type " + Values.typeName(value);
    }
  }

  /** {@code repr} of a str, cut short for error messages. */
  static String quoteShort(String s) {
    return s.length() <= 80 ? quote(s) : quote(s.substring(0, s.offsetByCodePoints(0, 60))) + "...";
  }

  static String quote(String s) {
    return quote(s, new StringBuilder(s.length() + 2)).toString();
  }

  /** Single quotes, unless the text has some and no double ones; escapes whatever does not print. */
  private static StringBuilder quote(String s, StringBuilder out) {
    char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    for (int i = 0; i < s.length(); ) {
      int c = s.codePointAt(i);
      i += Character.charCount(c);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\\' -> out.append("\\\\");
        default -> {
          if (c == quote) {
            out.append('\\').append(quote);
          } else if (c >= ' ' && c < 0x7f || c > 0x7f && isPrintable(c)) {
            out.appendCodePoint(c);
          } else {
            out.append(c < 0x100 ? "\\x" + hex(c, 2) : c < 0x10000 ? "\\u" + hex(c, 4) : "\\U" + hex(c, 8));
          }
        }
      }
    }
    return out.append(quote);
  }

  static String hex(int value, int digits) {
    String hex = Integer.toHexString(value);
    return "0".repeat(Math.max(0, digits - hex.length())) + hex;
  }

  static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
          Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  /** Java writes two digits at least, 4.9E-324 where 5e-324 would do; the least floats are the only ones it shows in. */
  private static BigDecimal shortest(double d) {
    BigDecimal decimal = new BigDecimal(Double.toString(d)).stripTrailingZeros();
    if (decimal.precision() == 2) {
      BigDecimal one = decimal.round(new MathContext(1, RoundingMode.HALF_EVEN));
      return one.doubleValue() == d ? one.stripTrailingZeros() : decimal;
    }
    return decimal;
  }

  /**
   * {@code repr} of a float: the shortest digits that read back as the same double, with an exponent below 1e-4 and
   * from 1e16 on.
   */
  static String number(double d) {
    if (Double.isNaN(d)) {
      return "nan";
    }
    if (Double.isInfinite(d)) {
      return d > 0 ? "inf" : "-inf";
    }
    if (d == 0) {
      return 1 / d < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = shortest(d);
    String digits = decimal.unscaledValue().abs().toString();
    int exponent = digits.length() - 1 - decimal.scale();
    StringBuilder out = new StringBuilder();
    if (d < 0) {
      out.append('-');
    }
    if (exponent < -4 || exponent >= 16) {
      out.append(digits.charAt(0));
      if (digits.length() > 1) {
        out.append('.').append(digits, 1, digits.length());
      }
      int size = Math.abs(exponent);
      return out.append(exponent < 0 ? "e-" : "e+").append(size < 10 ? "0" : "").append(size).toString();
    }
    String plain = decimal.abs().toPlainString();
    return out.append(plain).append(plain.indexOf('.') < 0 ? ".0" : "").toString();
  }
}
