package dev.hone.tokenizer.chat.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Turns what a caller gives (maps, lists, JSON) into values of a template, and counts its size. */
final class InputValues {
  private static final int MAX_DEPTH = 400;

  /** Where in the input the conversion is, outermost first: only read when it fails. */
  private final Deque<Object> path = new ArrayDeque<>();
  private long chars;

  /** {@return how many characters of text, and elements, have been converted} */
  long chars() {
    return chars;
  }

  /**
   * Converts one value, and all that it holds.
   *
   * @param place its name, its key, or its {@code Integer} position in a list
   * @throws IllegalArgumentException naming the place, for a value that is not JSON's
   */
  Object convert(Object place, Object value) {
    path.addLast(place);
    if (path.size() > MAX_DEPTH) {
      throw refused("is nested more than " + MAX_DEPTH + " levels deep, or holds itself");
    }
    chars++;
    Object converted = switch (value) {
      case null -> None.NONE;
      case String s -> text(s);
      case JsonNode node -> json(node);
      case Boolean b -> b;
      case Integer i -> (long) i;
      case Long l -> l;
      case Short s -> (long) s;
      case Byte b -> (long) b;
      case BigInteger big -> Values.integer(big);
      case Double d -> d;
      case Float f -> Double.valueOf(f.toString());   // 0.1f is meant to print as 0.1
      case BigDecimal decimal -> decimal.doubleValue();
      case CharSequence s -> text(s.toString());
      case Map<?, ?> map -> dict(map);
      case Iterable<?> items -> list(items);
      default -> throw refused("is a " + value.getClass().getName()
          + "; give a map, list, string, number, boolean, null or JsonNode");
    };
    path.removeLast();
    return converted;
  }

  private IllegalArgumentException refused(String why) {
    StringBuilder where = new StringBuilder();
    for (Object place : path) {
      where.append(place instanceof Integer ? "[" + place + "]" : where.isEmpty() ? place : "." + place);
      if (where.length() > 80) {
        where.append("...");
        break;
      }
    }
    return new IllegalArgumentException("chat template input: " + where + " " + why);
  }

  private String text(String s) {
    chars += s.length();
    return s;
  }

  private Dict dict(Map<?, ?> map) {
    Dict dict = new Dict();
    map.forEach((key, value) -> {
      if (!(key instanceof String name)) {
        throw refused("has the key " + key + ", which is not a string");
      }
      dict.put(text(name), convert(name, value));
    });
    return dict;
  }

  private List<Object> list(Iterable<?> items) {
    List<Object> list = new ArrayList<>();
    for (Object item : items) {
      list.add(convert(list.size(), item));
    }
    return list;
  }

  private Object json(JsonNode node) {
    return switch (node.getNodeType()) {
      case NULL, MISSING -> None.NONE;
      case STRING -> text(node.stringValue());
      case BOOLEAN -> node.booleanValue();
      case NUMBER -> !node.isIntegralNumber() ? (Object) node.doubleValue()
          : node.canConvertToLong() ? node.longValue() : Values.integer(node.bigIntegerValue());
      case ARRAY -> list(node);
      case OBJECT -> {
        Dict dict = new Dict();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
          dict.put(text(entry.getKey()), convert(entry.getKey(), entry.getValue()));
        }
        yield dict;
      }
      case BINARY, POJO -> throw refused("is a JSON node of type " + node.getNodeType() + ", which no JSON file holds");
    };
  }
}
