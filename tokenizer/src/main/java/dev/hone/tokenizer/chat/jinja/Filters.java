package dev.hone.tokenizer.chat.jinja;

import static java.util.Map.entry;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The filters by name, and those that are about single values: defaults, numbers, JSON. */
final class Filters {
  /** A filter: {@code value | name(arguments)}. */
  @FunctionalInterface
  interface Filter {
    Object apply(Object value, GivenArguments arguments, Rendering rendering);
  }

  private static final Map<String, Filter> OWN = Map.ofEntries(
      entry("abs", Filters::abs),
      entry("attr", Filters::attr),
      entry("count", Filters::length),
      entry("d", Filters::defaulted),
      entry("default", Filters::defaulted),
      entry("float", Filters::toFloat),
      entry("int", Filters::toInt),
      entry("length", Filters::length),
      entry("round", Filters::round),
      entry("tojson", Filters::toJson));

  /** Filters of Jinja that are left out: they write HTML, depend on chance, or wrap lines. */
  private static final Set<String> UNAVAILABLE = Set.of("filesizeformat", "pprint", "random", "striptags", "urlize",
      "wordwrap", "xmlattr");

  private static final Map<String, Filter> ALL = new HashMap<>(OWN);

  static {
    ALL.putAll(TextFilters.ALL);
    ALL.putAll(SequenceFilters.ALL);
    ALL.putAll(OrderFilters.ALL);
  }

  private Filters() {}

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  /** Whether Jinja has a filter of that name, be it here or not: those missing here fail when they are reached. */
  static boolean isKnown(String name) {
    return ALL.containsKey(name) || UNAVAILABLE.contains(name);
  }

  /** @throws JinjaException of kind SYNTAX if there is no such filter */
  static Filter find(String name, int line) {
    Filter filter = ALL.get(name);
    if (filter == null) {
      throw JinjaException.syntax(UNAVAILABLE.contains(name)
          ? "the filter '" + name + "' is not available in chat templates"
          : "no filter named " + PythonText.quoteShort(name), line);
    }
    return filter;
  }

  private static Object length(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("length");
    return (long) Values.length(value, rendering.budget());
  }

  private static Object defaulted(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("default", "default_value", "boolean");
    boolean replace = value instanceof Undefined || GivenArguments.flag(bound[1], false) && !Values.truth(value);
    return !replace ? value : bound[0] == null ? "" : bound[0];
  }

  /** The attribute alone, without the fall back to a key. */
  private static Object attr(Object value, GivenArguments arguments, Rendering rendering) {
    String name = GivenArguments.text(arguments.bindRequired("attr", 1, "name")[0], "an attribute name");
    if (value instanceof Dict dict) {
      Object method = Methods.find(dict, name);
      return method != null ? method : Undefined.of(dict, name);
    }
    return Subscript.attribute(value, name);
  }

  private static Object toJson(Object value, GivenArguments arguments, Rendering rendering) {
    if (arguments == GivenArguments.NONE) {
      return JsonText.PLAIN.dumps(value, rendering.budget());
    }
    Object[] bound = arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    String indent = indent(bound[1], rendering.budget());
    String item = indent == null ? ", " : ",";
    String key = ": ";
    if (bound[2] != null && bound[2] != None.NONE) {
      List<Object> separators = Values.toList(bound[2], rendering.budget());
      if (separators.size() != 2) {
        throw JinjaException.value("separators of tojson must be two strings, got " + separators.size());
      }
      item = GivenArguments.text(separators.get(0), "a separator");
      key = GivenArguments.text(separators.get(1), "a separator");
    }
    return new JsonText(GivenArguments.flag(bound[0], false), indent, item, key, GivenArguments.flag(bound[3], false))
        .dumps(value, rendering.budget());
  }

  private static String indent(Object given, Budget budget) {
    if (given == null || given == None.NONE) {
      return null;
    }
    String text = Values.text(given);
    return text != null ? text : Arithmetic.repeatText(" ", Math.max(0, Values.index(given, "an indent")), budget);
  }

  private static Object abs(Object value, GivenArguments arguments, Rendering rendering) {
    arguments.none("abs");
    return switch (Values.number(value)) {
      case Long l when l != Long.MIN_VALUE -> Math.abs(l);
      case Double d -> Math.abs(d);
      case null -> throw JinjaException.value("bad operand type for abs(): '" + Values.typeName(value) + "'");
      case Number n -> Values.integer(Arithmetic.big(n).abs());
    };
  }

  private static Object toInt(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("int", "default", "base");
    Object otherwise = bound[0] == null ? (Object) 0L : bound[0];
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    String text = Values.text(value);
    if (text != null) {
      rendering.budget().scan(text.length());
      Object parsed = PythonNumbers.parseInt(text, GivenArguments.integer(bound[1], 10, "a base"));
      if (parsed != null) {
        return parsed;
      }
      value = PythonNumbers.parseFloat(text);
    }
    return switch (value) {
      case Double d when d.isNaN() || d.isInfinite() -> otherwise;
      case Double d -> Arithmetic.truncate(d);
      case null -> otherwise;
      default -> Values.number(value) instanceof Number n ? n : otherwise;
    };
  }

  private static Object toFloat(Object value, GivenArguments arguments, Rendering rendering) {
    Object otherwise = arguments.bind("float", "default")[0];
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    String text = Values.text(value);
    rendering.budget().scan(text == null ? 0 : text.length());
    Number number = Values.number(value);
    Double parsed = text != null ? PythonNumbers.parseFloat(text) : number != null ? number.doubleValue() : null;
    return parsed != null ? parsed : otherwise != null ? otherwise : (Object) 0.0;
  }

  private static Object round(Object value, GivenArguments arguments, Rendering rendering) {
    Object[] bound = arguments.bind("round", "precision", "method");
    int precision = Math.clamp(GivenArguments.integer(bound[0], 0, "a precision"), -400, 400);
    String method = bound[1] == null ? "common" : GivenArguments.text(bound[1], "a method");
    if (value instanceof Undefined u) {
      throw u.failure();
    }
    Number number = Values.number(value);
    if (number == null) {
      throw JinjaException.value("type " + Values.typeName(value) + " doesn't define __round__ method");
    }
    if (method.equals("common")) {
      return rounded(number, precision);
    }
    double scale = Math.pow(10, precision);
    double scaled = number.doubleValue() * scale;
    return switch (method) {
      case "ceil" -> Math.ceil(scaled) / scale;
      case "floor" -> Math.floor(scaled) / scale;
      default -> throw JinjaException.value("method must be common, ceil or floor");
    };
  }

  /** Half to even on the exact decimal value, as Python rounds. */
  private static Object rounded(Number number, int precision) {
    if (number instanceof Double d) {
      return d.isNaN() || d.isInfinite() ? d
          : Math.copySign(new BigDecimal(d).setScale(precision, RoundingMode.HALF_EVEN).doubleValue(), d);
    }
    BigInteger whole = Arithmetic.big(number);
    return precision >= 0 ? number
        : Values.integer(new BigDecimal(whole).setScale(precision, RoundingMode.HALF_EVEN).toBigInteger());
  }

  /** An attribute path such as {@code function.parameters.0}: its parts, those of digits as ints. */
  static List<Object> path(Object attribute, Budget budget) {
    if (!(Values.text(attribute) instanceof String text)) {
      return List.of(attribute);
    }
    budget.items(text.length());
    List<Object> parts = new ArrayList<>();
    for (String part : text.split("\\.", -1)) {
      boolean number = !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
      parts.add(number ? (Object) Long.valueOf(part) : part);
    }
    return parts;
  }

  /** Follows a path; {@code otherwise} (may be null) replaces what is missing on the way. */
  static Object follow(Object item, List<Object> path, Object otherwise, Budget budget) {
    Object value = item;
    for (Object part : path) {
      budget.step();
      value = Subscript.item(value, part, budget);
      if (value instanceof Undefined && otherwise != null && otherwise != None.NONE) {
        value = otherwise;
      }
    }
    return value;
  }
}
