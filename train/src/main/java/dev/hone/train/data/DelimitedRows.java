package dev.hone.train.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvReadFeature;
import tools.jackson.dataformat.csv.CsvSchema;

/** Rows of a CSV or TSV file. */
final class DelimitedRows {
  private final List<String[]> rows = new ArrayList<>();
  private final List<Integer> lines = new ArrayList<>();

  private DelimitedRows() {}

  static Table read(TextFile file, DataFormat format, DataOptions options) {
    Dialect dialect = Dialect.of(file.text(), format, options);
    DelimitedRows found = new DelimitedRows();
    if (dialect.quoted()) {
      found.readQuoted(file, dialect.separator());
    } else {
      found.readPlain(file.text(), dialect.separator());
    }
    List<String[]> rows = found.rows;
    if (rows.isEmpty()) {
      throw new DataException(file.name(), "has no rows"); // nothing but empty quotes
    }
    int width = rows.getFirst().length;
    for (int r = 0; r < rows.size(); r++) {
      if (rows.get(r).length != width) {
        throw new DataException(file.name(), found.lines.get(r), fields(rows.get(r).length) + ", the first row has "
            + width + " (read as " + dialect.words() + (dialect.quoted() ? ", quotes around fields" : ", no quoting")
            + "); enclose texts that hold the separator in quotes, or say the format");
      }
    }
    boolean header = HeaderGuess.hasHeader(rows, options);
    List<String> columns = new ArrayList<>();
    for (int c = 0; c < width; c++) {
      columns.add(header ? rows.getFirst()[c].strip() : Integer.toString(c + 1));
    }
    int from = header ? 1 : 0;
    int[] lines = found.lines.subList(from, rows.size()).stream().mapToInt(Integer::intValue).toArray();
    String layout = (width == 1 ? "one column" : dialect.words()) + (header ? ", header" : ", no header")
        + (dialect.separator() != '\t' && !dialect.quoted() ? ", no quoting" : "")
        + (dialect.separator() == '\t' && dialect.quoted() ? ", quoted" : "");
    return new Table(file.name(), layout, header, columns, rows.subList(from, rows.size()), lines, Map.of());
  }

  /** Cuts at line feeds and separators alone: every other character, also U+0085 or a quote, is text. */
  private void readPlain(String text, char separator) {
    int line = 0;
    for (int start = 0; start < text.length();) {
      int end = text.indexOf('\n', start);
      end = end < 0 ? text.length() : end;
      int trimmed = end > start && text.charAt(end - 1) == '\r' ? end - 1 : end;
      line++;
      if (trimmed > start) {
        add(cut(text.substring(start, trimmed), separator), line);
      }
      start = end + 1;
    }
  }

  private static String[] cut(String row, char separator) {
    List<String> cells = new ArrayList<>();
    int start = 0;
    for (int end = row.indexOf(separator); end >= 0; end = row.indexOf(separator, start)) {
      cells.add(row.substring(start, end));
      start = end + 1;
    }
    cells.add(row.substring(start));
    return cells.toArray(String[]::new);
  }

  private void readQuoted(TextFile file, char separator) {
    CsvMapper mapper = CsvMapper.builder().enable(CsvReadFeature.WRAP_AS_ARRAY).build();
    CsvSchema schema = CsvSchema.emptySchema().withColumnSeparator(separator).withQuoteChar('"').withoutEscapeChar();
    int line = 1;
    try (JsonParser parser = mapper.reader().with(schema).createParser(file.text())) {
      List<String> cells = new ArrayList<>();
      parser.nextToken(); // the array of all rows
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        switch (token) {
          case START_ARRAY -> line = parser.currentLocation().getLineNr();
          case VALUE_STRING -> cells.add(parser.getString());
          case END_ARRAY -> {
            if (cells.size() > 1 || (cells.size() == 1 && !cells.getFirst().isEmpty())) {
              add(cells.toArray(String[]::new), line);
            }
            cells.clear();
          }
          default -> throw new AssertionError("token " + token);
        }
      }
    } catch (JacksonException e) {
      throw new DataException(file.name(), line, "a quoted field of this row is not closed where it should be ("
          + e.getOriginalMessage() + "); double the quotes inside it, or say noquotes in the format", e);
    }
  }

  private void add(String[] cells, int line) {
    rows.add(cells);
    lines.add(line);
  }

  private static String fields(int n) {
    return n == 1 ? "1 field" : n + " fields";
  }
}
