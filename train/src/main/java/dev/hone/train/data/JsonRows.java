package dev.hone.train.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/**
 * Rows of a JSON file: one object per line, objects one after the other over several lines, one array of objects, or one
 * object of
 * another shape ({@link JsonShape}).
 */
final class JsonRows {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  /** Reads one value of a longer text. */
  private static final ObjectReader ELEMENT = MAPPER.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final String source;
  private final Map<String, Integer> columns = new LinkedHashMap<>();
  private final CellKinds kinds = new CellKinds();
  private final List<List<String>> rows = new ArrayList<>();
  private final List<Integer> lines = new ArrayList<>();

  JsonRows(String source) {
    this.source = source;
  }

  static RawTable read(TextFile file, DataFormat format) {
    String text = file.text();
    JsonRows found = new JsonRows(file.name());
    char first = text.stripLeading().charAt(0);
    DataFormat made = DataFormat.JSONL;
    String words = made.words();
    if (first == '[') {
      found.readArray(text);
      made = DataFormat.JSON;
      words = made.words();
    } else if (first != '{' && format == DataFormat.JSON) {
      throw new DataException(file.name(), 1, "a JSON file must be one list of objects, [{...}, {...}], or objects");
    } else if (format == DataFormat.JSONL && (first != '{' || firstLineIsObject(text))) {
      found.readLines(text);
    } else {
      found.readObjects(text);
      words = "JSON objects";
    }
    if (first == '{' && found.rows.size() == 1) {
      JsonShape shape = JsonShape.of(file.name(), MAPPER.readTree(text));
      if (shape.kind() != JsonShape.Kind.ROW) {
        found = new JsonRows(file.name());
        int[] where = shape.lines(text);
        for (int r = 0; r < shape.rows().size(); r++) {
          found.add(found.checked(shape.rows().get(r), where[r]), where[r]);
        }
        made = DataFormat.OBJECT;
        words = shape.words();
      }
    }
    return found.table(made, words);
  }

  private RawTable table(DataFormat format, String words) {
    int width = columns.size();
    List<String[]> cells = new ArrayList<>();
    for (List<String> row : rows) {
      cells.add(row.toArray(new String[width])); // keys met later than this row stay null
    }
    return new RawTable(source, format, words, true, List.copyOf(columns.keySet()), cells,
        lines.stream().mapToInt(Integer::intValue).toArray(), kinds, false);
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

  /** Of which kinds cells are, also those of {@link #cells}. */
  CellKinds kinds() {
    return kinds;
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
      throw new DataException(source, line, "not a JSON object (" + why(e) + ")", e);
    }
  }

  private void readArray(String text) {
    values(text, true);
  }

  private void readObjects(String text) {
    values(text, false);
  }

  /** Reads values one after the other, those of an array or those of the text. */
  private void values(String text, boolean array) {
    int line = 1;
    try (JsonParser parser = MAPPER.createParser(text)) {
      if (array) {
        parser.nextToken();
      }
      for (JsonToken token = parser.nextToken(); token != (array ? JsonToken.END_ARRAY : null); token = parser.nextToken()) {
        line = parser.currentTokenLocation().getLineNr();
        add(checked(ELEMENT.readTree(parser), line), line);
      }
      if (array && parser.nextToken() != null) {
        throw new DataException(source, parser.currentTokenLocation().getLineNr(),
            "something follows the list; a JSON file is one "
            + "list of objects");
      }
    } catch (JacksonException e) {
      int at = e.getLocation() == null ? line : e.getLocation().getLineNr();
      throw new DataException(source, at, "not valid JSON (" + why(e) + ")", e);
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
    if (value.isNull()) {
      return null;
    }
    kinds.saw(column, value.isContainer() ? CellKinds.Kind.LIST : value.isNumber() ? CellKinds.Kind.NUMBER
        : value.isBoolean() ? CellKinds.Kind.TRUTH : CellKinds.Kind.TEXT, line);
    return value.isContainer() ? value.toString() : value.asString();
  }

  /** What Jackson says of a text; of the words that Python writes for numbers without a value, what to do. */
  private static String why(JacksonException e) {
    String said = e.getOriginalMessage();
    return said.startsWith("Non-standard token '") ? said.substring(20, said.indexOf('\'', 20))
        + " is no JSON; write null for a number without a value" : said;
  }
}
