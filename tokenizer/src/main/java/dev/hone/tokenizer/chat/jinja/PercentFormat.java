package dev.hone.tokenizer.chat.jinja;

import java.util.List;

/** Python's {@code format % values}, which the filter {@code format} is as well. */
final class PercentFormat {
  private final String format;
  private final Object values;
  private final boolean escape;
  private final Budget budget;
  private int next;

  private PercentFormat(String format, Object values, boolean escape, Budget budget) {
    this.format = format;
    this.values = values;
    this.escape = escape;
    this.budget = budget;
  }

  /**
   * @param values a tuple of values, a dict for {@code %(key)s}, or a single value
   * @param escape whether the format is marked safe, so that inserted text is escaped
   */
  static String format(String format, Object values, boolean escape, Budget budget) {
    return new PercentFormat(format, values, escape, budget).run();
  }

  private String run() {
    StringBuilder out = new StringBuilder();
    int from = 0;
    for (int at = format.indexOf('%'); at >= 0; at = format.indexOf('%', from)) {
      StringMethods.append(format.substring(from, at), "", out, budget);
      from = conversion(at + 1, out);
    }
    StringMethods.append(format.substring(from), "", out, budget);
    if (values instanceof Tuple(List<Object> items) && next < items.size()
        || next == 0 && !hasSubscripts()) {
      throw JinjaException.value("not all arguments converted during string formatting");
    }
    return out.toString();
  }

  /** Python lets a value go unused if it might have been meant for {@code %(key)s}. */
  private boolean hasSubscripts() {
    return values instanceof Dict || values instanceof List<?> || values instanceof Tuple
        || values instanceof Undefined;
  }

  /** One conversion that starts after its percent sign at {@code i}. Returns where it ends. */
  private int conversion(int i, StringBuilder out) {
    Object keyed = null;
    if (format.startsWith("(", i)) {
      int close = format.indexOf(')', i);
      if (close < 0) {
        throw JinjaException.value("incomplete format key");
      }
      keyed = byKey(format.substring(i + 1, close));
      i = close + 1;
    }
    int flags = i;
    while (i < format.length() && "#0- +".indexOf(format.charAt(i)) >= 0) {
      i++;
    }
    String flag = format.substring(flags, i);
    int start = i;
    i = digits(i);
    int width = FormatSpec.number(format, start, i);
    int precision = -1;
    if (format.startsWith(".", i)) {
      start = i + 1;
      i = digits(start);
      precision = FormatSpec.number(format, start, i);
    }
    while (i < format.length() && "hlL".indexOf(format.charAt(i)) >= 0) {
      i++;
    }
    if (i == format.length()) {
      throw JinjaException.value("incomplete format");
    }
    char type = format.charAt(i++);
    String text;
    if (type == '%') {
      text = "%";
    } else {
      text = convert(keyed != null ? keyed : nextValue(), type, flag, width, precision);
    }
    StringMethods.append(text, "", out, budget);
    return i;
  }

  private int digits(int from) {
    int i = from;
    while (i < format.length() && format.charAt(i) >= '0' && format.charAt(i) <= '9') {
      i++;
    }
    return i;
  }

  private Object byKey(String key) {
    if (!(values instanceof Dict dict)) {
      throw JinjaException.value("format requires a mapping");
    }
    Object value = dict.get(key);
    if (value == null) {
      throw JinjaException.value("KeyError: " + PythonText.quoteShort(key));
    }
    return value;
  }

  private Object nextValue() {
    if (values instanceof Tuple(List<Object> items) ? next >= items.size() : next > 0) {
      throw JinjaException.value("not enough arguments for format string");
    }
    int at = next++;
    return values instanceof Tuple(List<Object> items) ? items.get(at) : values;
  }

  private String convert(Object value, char type, String flags, int width, int precision) {
    boolean left = flags.indexOf('-') >= 0;
    boolean zero = flags.indexOf('0') >= 0 && !left;
    char sign = flags.indexOf('+') >= 0 ? '+' : flags.indexOf(' ') >= 0 ? ' ' : '-';
    switch (type) {
      case 's', 'r', 'a', 'c' -> {
        String text = switch (type) {
          case 's' -> PythonText.str(value, budget);
          case 'c' -> character(value);
          default -> PythonText.repr(value, budget);
        };
        if (escape && !(value instanceof SafeText)) {
          text = SafeText.escape(text);
        }
        return new FormatSpec(" ", left ? '<' : '>', '-', false, width, (char) 0, precision, 's').apply(text, budget);
      }
      case 'd', 'i', 'u', 'x', 'X', 'o', 'e', 'E', 'f', 'F', 'g', 'G' -> {
        Number number = Values.number(value);
        if (number == null) {
          throw JinjaException.value("%" + type + " format: a real number is required, not " + Values.typeName(value));
        }
        boolean whole = "diuxXo".indexOf(type) >= 0;
        if (whole && number instanceof Double d) {
          if ("xXo".indexOf(type) >= 0) {
            throw JinjaException.value("%" + type + " format: an integer is required, not float");
          }
          number = (Number) Arithmetic.truncate(d);
        }
        char align = left ? '<' : zero ? '=' : '>';
        return new FormatSpec(zero ? "0" : " ", align, sign, flags.indexOf('#') >= 0, width, (char) 0,
            whole ? -1 : precision, type).apply(number, budget);
      }
      default -> throw JinjaException.value("unsupported format character '" + type + "'");
    }
  }

  private static String character(Object value) {
    if (Values.text(value) instanceof String s && CodePoints.length(s) == 1) {
      return s;
    }
    if (Values.number(value) instanceof Number n && !(n instanceof Double)) {
      return FormatSpec.character(Arithmetic.big(n));
    }
    throw JinjaException.value("%c requires int or char");
  }
}
