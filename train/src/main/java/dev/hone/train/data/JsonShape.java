package dev.hone.train.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a file that is one JSON object holds: a row, columns, or a list of rows under one of its keys.
 *
 * @param kind which of them
 * @param key of the value whose elements stand for the rows; null: those of the object itself
 * @param rows one object each
 */
record JsonShape(Kind kind, String key, List<JsonNode> rows) {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  /** How rows are written. */
  enum Kind {
    /** The object is one row. */
    ROW("JSON"),
    /** A list of values, or values by number, for each column. */
    COLUMNS("JSON, column by column"),
    /** One object for each row, by its number. */
    NUMBERED("JSON, rows by number"),
    /** The names of the columns, and a list of lists. */
    SPLIT("JSON, columns and data"),
    /** One of several values is a list of objects. */
    WRAPPED("JSON");

    private final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  /** How the rows were found, in words. */
  String words() {
    return kind == Kind.WRAPPED ? kind.words + ", the list under '" + key + "'" : kind.words;
  }

  /** Tells the shape of an object. Throws {@link DataException} for one that cannot be told. */
  static JsonShape of(String source, JsonNode object) {
    List<String> lists = keys(object, value -> value.isArray() && all(value, JsonNode::isObject));
    boolean chat = lists.stream().anyMatch(key -> all(object.get(key), each -> each.has("role") || each.has("from")
        || ColumnNames.MESSAGES.contains(key) && ColumnNames.MESSAGES.stream().noneMatch(each::has)));
    if (chat || object.isEmpty()) {
      return new JsonShape(Kind.ROW, null, List.of(object));
    }
    if (object.path("columns").isArray() && object.path("data").isArray() && all(object.get("data"), JsonNode::isArray)) {
      return split(source, object);
    }
    if (keys(object, JsonNode::isArray).size() == object.size() && lists.isEmpty()) {
      return columns(source, object);
    }
    if (keys(object, JsonNode::isObject).size() == object.size()) {
      return numbered(source, object);
    }
    if (lists.size() == 1) {
      String key = lists.getFirst();
      return new JsonShape(Kind.WRAPPED, key, List.copyOf(object.get(key).valueStream().toList()));
    }
    if (lists.size() > 1) {
      throw new DataException(source, "the object holds several lists of objects, under " + quoted(lists)
          + "; write the one to read to a file of its own");
    }
    return new JsonShape(Kind.ROW, null, List.of(object));
  }

  private static JsonShape split(String source, JsonNode object) {
    List<JsonNode> rows = new ArrayList<>();
    List<JsonNode> names = object.get("columns").valueStream().toList();
    for (JsonNode cells : object.get("data")) {
      if (cells.size() != names.size()) {
        throw new DataException(source, "row " + (rows.size() + 1) + " under 'data' has " + cells.size()
            + " values, 'columns' has "
            + names.size() + " names");
      }
      ObjectNode row = MAPPER.createObjectNode();
      for (int c = 0; c < names.size(); c++) {
        row.set(names.get(c).asString(""), cells.get(c));
      }
      rows.add(row);
    }
    return new JsonShape(Kind.SPLIT, "data", rows);
  }

  private static JsonShape columns(String source, JsonNode object) {
    String first = object.propertyNames().iterator().next();
    int size = object.get(first).size();
    List<JsonNode> rows = new ArrayList<>();
    for (int r = 0; r < size; r++) {
      rows.add(MAPPER.createObjectNode());
    }
    for (Map.Entry<String, JsonNode> column : object.properties()) {
      if (column.getValue().size() != size) {
        throw new DataException(source, "its keys are read as columns, and '" + first + "' has " + size + " values, '"
            + column.getKey() + "' has " + column.getValue().size());
      }
      for (int r = 0; r < size; r++) {
        ((ObjectNode) rows.get(r)).set(column.getKey(), column.getValue().get(r));
      }
    }
    return new JsonShape(Kind.COLUMNS, first, rows);
  }

  /** Objects in an object, of which either the outer or the inner keys are numbers of rows. */
  private static JsonShape numbered(String source, JsonNode object) {
    Predicate<JsonNode> byNumber = each -> !each.isEmpty() && each.propertyNames().stream().allMatch(key -> key.matches("\\d+"));
    if (byNumber.test(object)) {
      return new JsonShape(Kind.NUMBERED, null, object.valueStream().toList());
    }
    String first = object.propertyNames().iterator().next();
    List<String> numbers = List.copyOf(object.get(first).propertyNames());
    if (!all(object, byNumber)) {
      throw new DataException(source, "is a JSON object of objects, and neither its keys nor theirs are numbers of rows; write a "
          + "list of objects, [{...}, {...}], or one object per line");
    }
    List<JsonNode> rows = new ArrayList<>();
    numbers.forEach(_ -> rows.add(MAPPER.createObjectNode()));
    for (Map.Entry<String, JsonNode> column : object.properties()) {
      if (!List.copyOf(column.getValue().propertyNames()).equals(numbers)) {
        throw new DataException(source, "its keys are read as columns, and '" + first + "' and '" + column.getKey()
            + "' have other numbers of rows");
      }
      for (int r = 0; r < numbers.size(); r++) {
        ((ObjectNode) rows.get(r)).set(column.getKey(), column.getValue().get(numbers.get(r)));
      }
    }
    return new JsonShape(Kind.COLUMNS, first, rows);
  }

  private static List<String> keys(JsonNode object, Predicate<JsonNode> fits) {
    return object.properties().stream().filter(each -> fits.test(each.getValue())).map(Map.Entry::getKey).toList();
  }

  /** Whether a list or an object has values, and all are so. */
  private static boolean all(JsonNode container, Predicate<JsonNode> fits) {
    return !container.isEmpty() && container.valueStream().allMatch(fits);
  }

  private static String quoted(List<String> names) {
    return String.join(", ", names.stream().map(name -> "'" + name + "'").toList());
  }

  /** The line on which what stands for each row begins, from 1, in the text that the object was read from. */
  int[] lines(String text) {
    int[] lines = new int[rows.size()];
    Arrays.fill(lines, 1);
    try (JsonParser parser = MAPPER.createParser(text)) {
      parser.nextToken();
      if (key != null) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME && !parser.currentName().equals(key)) {
          parser.nextToken();
          parser.skipChildren();
        }
        parser.nextToken();
      }
      boolean named = parser.currentToken() == JsonToken.START_OBJECT;
      for (int r = 0; r < lines.length; r++) {
        parser.nextToken();
        if (named) {
          parser.nextToken();
        }
        lines[r] = parser.currentTokenLocation().getLineNr();
        parser.skipChildren();
      }
    }
    return lines;
  }
}
