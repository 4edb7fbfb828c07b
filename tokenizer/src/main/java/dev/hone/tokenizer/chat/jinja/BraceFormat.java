package dev.hone.tokenizer.chat.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code str.format}: fields in braces, with attributes and elements looked up as templates do. */
final class BraceFormat {
  private final GivenArguments arguments;
  private final Budget budget;
  private int next;

  private BraceFormat(GivenArguments arguments, Budget budget) {
    this.arguments = arguments;
    this.budget = budget;
  }

  static String format(String format, GivenArguments arguments, Budget budget) {
    return new BraceFormat(arguments, budget).format(format, 2);
  }

  static String formatMap(String format, GivenArguments arguments, Budget budget) {
    Object mapping = arguments.bindRequired("format_map", 1, "mapping")[0];
    if (!(mapping instanceof Dict dict)) {
      throw JinjaException.value("format_map() needs a dict, not " + Values.typeName(mapping));
    }
    Map<String, Object> named = new LinkedHashMap<>();
    for (Object key : dict.keys()) {
      if (key instanceof String name) {
        named.put(name, dict.get(name));
      }
    }
    return format(format, new GivenArguments(List.of(), named), budget);
  }

  /** @param levels how deep fields may still nest: a format may hold fields itself, those may not */
  private String format(String format, int levels) {
    if (levels < 0) {
      throw JinjaException.value("Max string recursion exceeded");
    }
    StringBuilder out = new StringBuilder();
    int i = 0;
    while (i < format.length()) {
      char c = format.charAt(i);
      if (c != '{' && c != '}') {
        int end = i;
        while (end < format.length() && format.charAt(end) != '{' && format.charAt(end) != '}') {
          end++;
        }
        StringMethods.append(format.substring(i, end), "", out, budget);
        i = end;
      } else if (format.startsWith(String.valueOf(c), i + 1)) {
        out.append(c);
        i += 2;
      } else if (c == '}') {
        throw JinjaException.value("Single '}' encountered in format string");
      } else {
        int close = close(format, i);
        StringMethods.append(field(format.substring(i + 1, close), levels), "", out, budget);
        i = close + 1;
      }
    }
    return out.toString();
  }

  private static int close(String format, int open) {
    int depth = 0;
    for (int i = open; i < format.length(); i++) {
      depth += format.charAt(i) == '{' ? 1 : format.charAt(i) == '}' ? -1 : 0;
      if (depth == 0) {
        return i;
      }
    }
    throw JinjaException.value("expected '}' before end of string");
  }

  private String field(String field, int levels) {
    int colon = field.indexOf(':');
    String head = colon < 0 ? field : field.substring(0, colon);
    int bang = head.indexOf('!');
    String name = bang < 0 ? head : head.substring(0, bang);
    Object value = lookUp(name);
    if (bang >= 0) {
      value = switch (head.substring(bang + 1)) {
        case "s" -> PythonText.str(value, budget);
        case "r", "a" -> PythonText.repr(value, budget);
        default -> throw JinjaException.value("Unknown conversion specifier " + PythonText.quoteShort(head));
      };
    }
    String spec = colon < 0 ? "" : format(field.substring(colon + 1), levels - 1);
    return FormatSpec.parse(spec).apply(value, budget);
  }

  private Object lookUp(String name) {
    int end = 0;
    while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
      end++;
    }
    Object value = root(name.substring(0, end));
    while (end < name.length()) {
      boolean attribute = name.charAt(end) == '.';
      int from = end + 1;
      end = from;
      while (end < name.length() && (attribute ? ".[".indexOf(name.charAt(end)) < 0 : name.charAt(end) != ']')) {
        end++;
      }
      String part = name.substring(from, end);
      value = attribute ? Subscript.attribute(value, part) : Subscript.item(value, key(part), budget);
      end += attribute ? 0 : 1;
    }
    return value;
  }

  private Object root(String name) {
    boolean numbered = isNumber(name);
    if (numbered || name.isEmpty()) {
      int at = numbered ? FormatSpec.number(name, 0, name.length()) : next++;
      if (at >= arguments.positional().size()) {
        throw JinjaException.value("Replacement index " + at + " out of range for positional args tuple");
      }
      return arguments.positional().get(at);
    }
    Object value = arguments.keyword().get(name);
    if (value == null) {
      throw JinjaException.value("KeyError: " + PythonText.quoteShort(name));
    }
    return value;
  }

  private static Object key(String part) {
    return isNumber(part) ? (Object) (long) FormatSpec.number(part, 0, part.length()) : part;
  }

  private static boolean isNumber(String s) {
    return !s.isEmpty() && s.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
