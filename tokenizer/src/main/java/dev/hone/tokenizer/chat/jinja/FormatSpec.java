package dev.hone.tokenizer.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * How one value is laid out by {@code %} and by {@code format}; written
 * {@code [[fill]align][sign][#][0][width][,][.precision][type]} by the latter.
 *
 * @param fill what pads
 * @param align {@code <}, {@code >}, {@code ^} or {@code =} (padding after the sign); 0 for the type's own
 * @param sign {@code -}, {@code +} or a space: what non-negative numbers show
 * @param alternate the flag {@code #}
 * @param width least number of characters
 * @param grouping the separator of thousands, or 0
 * @param precision -1 where none was given
 * @param type the conversion, or 0
 */
record FormatSpec(String fill, char align, char sign, boolean alternate, int width, char grouping, int precision,
    char type) {
  /** A double has no more digits than this; a longer request would only buy computing time. */
  private static final int MAX_PRECISION = 1100;

  static FormatSpec parse(String spec) {
    int i = 0;
    String fill = " ";
    char align = 0;
    int first = spec.isEmpty() ? 0 : Character.charCount(spec.codePointAt(0));
    if (spec.length() > first && "<>^=".indexOf(spec.charAt(first)) >= 0) {
      fill = spec.substring(0, first);
      align = spec.charAt(first);
      i = first + 1;
    } else if (!spec.isEmpty() && "<>^=".indexOf(spec.charAt(0)) >= 0) {
      align = spec.charAt(i++);
    }
    char sign = '-';
    if (i < spec.length() && "+- ".indexOf(spec.charAt(i)) >= 0) {
      sign = spec.charAt(i++);
    }
    boolean alternate = spec.startsWith("#", i);
    i += alternate ? 1 : 0;
    if (spec.startsWith("0", i)) {
      fill = align == 0 ? "0" : fill;
      align = align == 0 ? '=' : align;
      i++;
    }
    int end = digits(spec, i);
    int width = number(spec, i, end);
    i = end;
    char grouping = 0;
    if (i < spec.length() && ",_".indexOf(spec.charAt(i)) >= 0) {
      grouping = spec.charAt(i++);
    }
    int precision = -1;
    if (spec.startsWith(".", i)) {
      end = digits(spec, i + 1);
      if (end == i + 1) {
        throw JinjaException.value("Format specifier missing precision");
      }
      precision = number(spec, i + 1, end);
      i = end;
    }
    char type = i < spec.length() ? spec.charAt(i++) : 0;
    if (i < spec.length()) {
      throw JinjaException.value("Invalid format specifier " + PythonText.quoteShort(spec));
    }
    return new FormatSpec(fill, align, sign, alternate, width, grouping, precision, type);
  }

  private static int digits(String s, int from) {
    int i = from;
    while (i < s.length() && s.charAt(i) >= '0' && s.charAt(i) <= '9') {
      i++;
    }
    return i;
  }

  static int number(String s, int from, int to) {
    if (to - from > 9) {
      throw JinjaException.limit("a format with a width or precision of " + (to - from) + " digits");
    }
    return to == from ? 0 : Integer.parseInt(s, from, to, 10);
  }

  String apply(Object value, Budget budget) {
    String text = Values.text(value);
    if (text != null) {
      return applyText(text, budget);
    }
    if (value instanceof Boolean b && type == 0) {
      return applyText(b ? "True" : "False", budget);
    }
    Number number = Values.number(value);
    if (number == null) {
      if (this.equals(parse(""))) {
        return PythonText.str(value, budget);
      }
      throw JinjaException.value("unsupported format string passed to " + Values.typeName(value) + ".__format__");
    }
    boolean asFloat = number instanceof Double || "eEfFgG%".indexOf(type) >= 0 && type != 0;
    String body = asFloat ? real(number.doubleValue()) : whole(Arithmetic.big(number));
    boolean negative = body.startsWith("-");
    String digits = negative ? body.substring(1) : body;
    String prefix = (negative ? "-" : sign == '-' ? "" : String.valueOf(sign)) + (asFloat ? "" : radixPrefix());
    return padNumber(prefix, grouping == 0 ? digits : grouped(digits), budget);
  }

  private String applyText(String text, Budget budget) {
    if (type != 0 && type != 's') {
      throw JinjaException.value("Unknown format code '" + type + "' for object of type 'str'");
    }
    if (align == '=' && !fill.equals("0")) {
      throw JinjaException.value("'=' alignment not allowed in string format specifier");
    }
    String cut = precision < 0 ? text : CodePoints.slice(text, 0, precision);
    return pad(cut, '<', budget);
  }

  private String pad(String s, char otherwise, Budget budget) {
    return switch (align == 0 || align == '=' ? otherwise : align) {
      case '<' -> StringCase.pad(s, fill, width, 0, budget);
      case '>' -> StringCase.pad(s, fill, width, 1, budget);
      default -> centered(s, budget);
    };
  }

  /** Unlike {@code str.center}, an odd space always goes to the right. */
  private String centered(String s, Budget budget) {
    int missing = Math.max(0, width - CodePoints.length(s));
    budget.chars((long) missing * fill.length());
    return fill.repeat(missing / 2) + s + fill.repeat(missing - missing / 2);
  }

  private String padNumber(String prefix, String digits, Budget budget) {
    if (align == '=') {
      return prefix + StringCase.pad(digits, fill, width - prefix.length(), 1, budget);
    }
    return pad(prefix + digits, '>', budget);
  }

  private String radixPrefix() {
    return !alternate ? "" : switch (type) {
      case 'x' -> "0x";
      case 'X' -> "0X";
      case 'o' -> "0o";
      case 'b' -> "0b";
      default -> "";
    };
  }

  private String grouped(String digits) {
    int whole = digits(digits, 0);
    StringBuilder out = new StringBuilder(digits);
    for (int i = whole - 3; i > 0; i -= 3) {
      out.insert(i, grouping);
    }
    return out.toString();
  }

  private String whole(BigInteger n) {
    return switch (type) {
      case 0, 'd', 'i', 'u', 'n' -> n.toString();
      case 'x' -> n.toString(16);
      case 'X' -> n.toString(16).toUpperCase(Locale.ROOT);
      case 'o' -> n.toString(8);
      case 'b' -> n.toString(2);
      case 'c' -> character(n);
      default -> throw JinjaException.value("Unknown format code '" + type + "' for object of type 'int'");
    };
  }

  static String character(BigInteger n) {
    if (n.signum() < 0 || n.bitLength() > 21 || n.intValue() > Character.MAX_CODE_POINT) {
      throw JinjaException.value("%c arg not in range(0x110000)");
    }
    return Character.toString(n.intValue());
  }

  private String real(double d) {
    if (precision > MAX_PRECISION) {
      throw JinjaException.limit("a format with " + precision + " digits; the sandbox allows " + MAX_PRECISION);
    }
    if (Double.isNaN(d) || Double.isInfinite(d)) {
      return PythonText.number(d);
    }
    int digits = precision < 0 ? 6 : precision;
    String text = switch (type) {
      case 0 -> precision < 0 ? PythonText.number(d) : shortest(general(Math.abs(d), Math.max(1, digits), false));
      case 'f', 'F' -> new BigDecimal(Math.abs(d)).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
      case '%' -> new BigDecimal(Math.abs(d) * 100).setScale(digits, RoundingMode.HALF_EVEN).toPlainString() + "%";
      case 'e', 'E' -> scientific(Math.abs(d), digits);
      case 'g', 'G', 'n' -> general(Math.abs(d), Math.max(1, digits), alternate);
      default -> throw JinjaException.value("Unknown format code '" + type + "' for object of type 'float'");
    };
    boolean negative = d < 0 || d == 0 && 1 / d < 0;
    String signed = negative && !text.startsWith("-") ? "-" + text : text;
    return type == 'E' || type == 'G' ? signed.toUpperCase(Locale.ROOT) : signed;
  }

  /** Without a type, a float with a precision keeps one digit after the point. */
  private static String shortest(String general) {
    return general.chars().allMatch(c -> c >= '0' && c <= '9') ? general + ".0" : general;
  }

  private static String scientific(double d, int digits) {
    BigDecimal rounded = new BigDecimal(d).round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
    String all = rounded.unscaledValue().toString();
    int exponent = d == 0 ? 0 : all.length() - 1 - rounded.scale();
    String padded = all.length() > digits ? all.substring(0, digits + 1) : all + "0".repeat(digits + 1 - all.length());
    int size = Math.abs(exponent);
    return padded.charAt(0) + (digits > 0 ? "." + padded.substring(1) : "") + (exponent < 0 ? "e-" : "e+")
        + (size < 10 ? "0" : "") + size;
  }

  private static String general(double d, int digits, boolean keepZeros) {
    String scientific = scientific(d, digits - 1);
    int e = scientific.indexOf('e');
    int exponent = Integer.parseInt(scientific.substring(e + 1));
    if (exponent < -4 || exponent >= digits) {
      String mantissa = scientific.substring(0, e);
      return (keepZeros ? mantissa : trimZeros(mantissa)) + scientific.substring(e);
    }
    String fixed = new BigDecimal(d).setScale(digits - 1 - exponent, RoundingMode.HALF_EVEN).toPlainString();
    return keepZeros ? fixed : trimZeros(fixed);
  }

  private static String trimZeros(String s) {
    if (s.indexOf('.') < 0) {
      return s;
    }
    int end = s.length();
    while (s.charAt(end - 1) == '0') {
      end--;
    }
    return s.substring(0, s.charAt(end - 1) == '.' ? end - 1 : end);
  }
}
