package dev.hone.tokenizer.chat.jinja;

import java.math.BigInteger;
import java.util.List;

/**
 * Python's {@code json.dumps}, which the filter {@code tojson} of chat templates is (Jinja's own also escapes HTML).
 *
 * @param asciiOnly write {@code \}{@code uXXXX} for everything beyond ASCII
 * @param indent one level of indentation, or null for a single line
 * @param itemSeparator between elements
 * @param keySeparator between key and value
 * @param sortKeys order entries by key
 */
record JsonText(boolean asciiOnly, String indent, String itemSeparator, String keySeparator, boolean sortKeys) {
  static final JsonText PLAIN = new JsonText(false, null, ", ", ": ", false);

  String dumps(Object value, Budget budget) {
    StringBuilder out = new StringBuilder();
    write(value, 0, out, budget);
    return out.toString();
  }

  private void write(Object value, int level, StringBuilder out, Budget budget) {
    budget.step();
    switch (value) {
      case String s -> string(s, out, budget);
      case SafeText(String text) -> string(text, out, budget);
      case None _ -> out.append("null");
      case Boolean b -> out.append(b.booleanValue());
      case Long _, BigInteger _ -> out.append(value);
      case Double d -> out.append(number(d));
      case PythonRange _ -> throw unserialisable(value);
      case List<?> list -> array(list, level, out, budget);
      case Tuple(List<Object> items) -> array(items, level, out, budget);
      case Dict dict -> object(dict, level, out, budget);
      default -> throw unserialisable(value);
    }
  }

  private static JinjaException unserialisable(Object value) {
    return JinjaException.value("Object of type " + Values.typeName(value) + " is not JSON serializable");
  }

  private void array(List<?> items, int level, StringBuilder out, Budget budget) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    budget.enter();
    out.append('[');
    for (int i = 0; i < items.size(); i++) {
      if (i > 0) {
        separator(out, budget);
      }
      newLine(level + 1, out, budget);
      write(items.get(i), level + 1, out, budget);
    }
    newLine(level, out, budget);
    out.append(']');
    budget.leave();
  }

  private void object(Dict dict, int level, StringBuilder out, Budget budget) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    budget.enter();
    out.append('{');
    List<Object> keys = dict.keys();
    if (sortKeys) {
      keys.sort((a, b) -> PythonComparison.order(a, b, "<", budget));
    }
    for (int i = 0; i < keys.size(); i++) {
      if (i > 0) {
        separator(out, budget);
      }
      newLine(level + 1, out, budget);
      string(key(keys.get(i)), out, budget);
      budget.chars(keySeparator.length());
      write(dict.get(keys.get(i), budget), level + 1, out.append(keySeparator), budget);
    }
    newLine(level, out, budget);
    out.append('}');
    budget.leave();
  }

  private void separator(StringBuilder out, Budget budget) {
    budget.chars(itemSeparator.length());
    out.append(itemSeparator);
  }

  private void newLine(int level, StringBuilder out, Budget budget) {
    if (indent != null) {
      budget.chars((long) indent.length() * level + 4);
      out.append('\n').repeat(indent, level);
    }
  }

  private static String key(Object key) {
    return switch (key) {
      case String s -> s;
      case SafeText(String text) -> text;
      case None _ -> "null";
      case Boolean b -> b.toString();
      case Long _, BigInteger _ -> key.toString();
      case Double d -> number(d);
      default -> throw JinjaException.value("keys must be str, int, float, bool or None, not " + Values.typeName(key));
    };
  }

  private static String number(double d) {
    if (Double.isNaN(d)) {
      return "NaN";
    }
    if (Double.isInfinite(d)) {
      return d > 0 ? "Infinity" : "-Infinity";
    }
    return PythonText.number(d);
  }

  private void string(String s, StringBuilder out, Budget budget) {
    budget.chars(s.length());
    out.append('"');
    int plain = 0;
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c >= ' ' && c != '"' && c != '\\' && (c <= 0x7e || !asciiOnly)) {
        continue;
      }
      out.append(s, plain, i);
      plain = i + 1;
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\f' -> out.append("\\f");
        case '\b' -> out.append("\\b");
        default -> out.append("\\u").append(PythonText.hex(c, 4));
      }
    }
    out.append(s, plain, s.length()).append('"');
  }
}
