package dev.hone.train.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/** Rows of a JSON file (one array of objects) or of JSON lines (one object per line). */
final class JsonRows {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  /** Reads one value of a longer text. */
  private static final ObjectReader ELEMENT = MAPPER.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final String source;
  private final Map<String, Integer> columns = new LinkedHashMap<>();
  private final Map<String, Integer> nested = new ConcurrentHashMap<>();
  private final List<List<String>> rows = new ArrayList<>();
  private final List<Integer> lines = new ArrayList<>();

  JsonRows(String source) {
    this.source = source;
  }

  static Table read(TextFile file, DataFormat format) {
    JsonRows found = new JsonRows(file.name());
    if (format == DataFormat.JSONL) {
      found.readLines(file.text());
    } else {
      found.readArray(file.text());
    }
    int width = found.columns.size();
    List<String[]> rows = new ArrayList<>();
    for (List<String> row : found.rows) {
      rows.add(row.toArray(new String[width])); // keys met later than this row stay null
    }
    return new Table(file.name(), format.words(), true, List.copyOf(found.columns.keySet()), rows,
        found.lines.stream().mapToInt(Integer::intValue).toArray(), found.nested, false);
  }

  /** Whether the first line that is not blank is a whole JSON object: the sign of JSON lines. */
  static boolean firstLineIsObject(String text) {
    int start = 0;
    while (start < text.length() && Character.isWhitespace(text.charAt(start))) {
      start++;
    }
    int end = text.indexOf('\n', start);
    try {
      return MAPPER.readTree(text.substring(start, end < 0 ? text.length() : end)).isObject();
    } catch (JacksonException _) {
      return false;
    }
  }

  private void readLines(String text) {
    int line = 0;
    for (int start = 0; start < text.length();) {
      int end = text.indexOf('\n', start);
      end = end < 0 ? text.length() : end;
      line++;
      String row = text.substring(start, end);
      if (!row.isBlank()) {
        read(row, line);
      }
      start = end + 1;
    }
  }

  /** Takes in one line. */
  void read(String row, int line) {
    add(object(row, line), line);
  }

  /** The columns of the rows that were taken in. */
  List<String> columns() {
    return List.copyOf(columns.keySet());
  }

  /** Columns that hold lists or objects, with the line where that was first seen, also by {@link #cells}. */
  Map<String, Integer> nested() {
    return nested;
  }

  /** One line as cells of those columns; the row is not kept. */
  String[] cells(String row, int line) {
    String[] cells = new String[columns.size()];
    for (Map.Entry<String, JsonNode> field : object(row, line).properties()) {
      Integer column = columns.get(field.getKey());
      if (column != null) {
        cells[column] = cell(field.getKey(), field.getValue(), line);
      }
    }
    return cells;
  }

  private JsonNode object(String row, int line) {
    try {
      return checked(MAPPER.readTree(row), line);
    } catch (JacksonException e) {
      throw new DataException(source, line, "not a JSON object (" + e.getOriginalMessage() + ")", e);
    }
  }

  private void readArray(String text) {
    int line = 1;
    try (JsonParser parser = MAPPER.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new DataException(source, 1, "a JSON file must be one list of objects, [{...}, {...}]; for one object "
            + "per line say jsonl in the format");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        line = parser.currentTokenLocation().getLineNr();
        add(checked(ELEMENT.readTree(parser), line), line);
      }
    } catch (JacksonException e) {
      int at = e.getLocation() == null ? line : e.getLocation().getLineNr();
      throw new DataException(source, at, "not valid JSON (" + e.getOriginalMessage() + ")", e);
    }
  }

  private JsonNode checked(JsonNode row, int line) {
    if (!row.isObject()) {
      throw new DataException(source, line, "every row must be a JSON object, this one is "
          + row.getNodeType().name().toLowerCase(Locale.ROOT));
    }
    return row;
  }

  private void add(JsonNode row, int line) {
    List<String> cells = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : row.properties()) {
      int column = columns.computeIfAbsent(field.getKey(), _ -> columns.size());
      while (cells.size() <= column) {
        cells.add(null);
      }
      cells.set(column, cell(field.getKey(), field.getValue(), line));
    }
    rows.add(cells);
    lines.add(line);
  }

  private String cell(String column, JsonNode value, int line) {
    if (value.isContainer()) {
      nested.putIfAbsent(column, line);
    }
    return value.isNull() ? null : value.isContainer() ? value.toString() : value.asString();
  }
}
