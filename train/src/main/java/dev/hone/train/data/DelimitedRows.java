package dev.hone.train.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvReadFeature;
import tools.jackson.dataformat.csv.CsvSchema;

/** Rows of a CSV or TSV file. */
final class DelimitedRows {
  private static final CsvMapper MAPPER = CsvMapper.builder().enable(CsvReadFeature.WRAP_AS_ARRAY).build();

  private final List<String[]> rows = new ArrayList<>();
  private final List<Integer> lines = new ArrayList<>();

  private DelimitedRows() {}

  static RawTable read(TextFile file, DataFormat format, DataOptions options) {
    int mark = Dialect.markLength(file.text());
    String text = file.text().substring(mark);
    Dialect dialect = Dialect.of(file.text(), format, options,
        (separator, quoting) -> RowScan.scan(text, separator, quoting));
    DelimitedRows found = new DelimitedRows();
    found.read(new TextFile(file.path(), text), mark == 0 ? 1 : 2, dialect);
    List<String[]> rows = found.rows;
    if (rows.isEmpty()) {
      throw new DataException(file.name(), "has no rows"); // nothing but empty quotes
    }
    int width = rows.getFirst().length;
    for (int r = 0; r < rows.size(); r++) {
      checkWidth(file.name(), found.lines.get(r), rows.get(r).length, width, dialect);
    }
    boolean header = HeaderGuess.hasHeader(rows.subList(0, Math.min(RawTable.HEAD, rows.size())), options);
    int from = header ? 1 : 0;
    for (int r = from; r < rows.size() && header; r++) {
      checkRow(file.name(), found.lines.get(r), rows.get(r), rows.getFirst());
    }
    int[] lines = found.lines.subList(from, rows.size()).stream().mapToInt(Integer::intValue).toArray();
    return new RawTable(file.name(), format, layout(dialect, width, header), header, columns(rows.getFirst(), header),
        rows.subList(from, rows.size()), lines, new CellKinds(), false);
  }

  static void checkWidth(String source, int line, int length, int width, Dialect dialect) {
    if (length != width) {
      throw new DataException(source, line, fields(length) + ", the first row has " + width + " (read as " + dialect.words()
          + (dialect.quoted() ? ", quotes around fields" : ", no quoting")
          + "); enclose texts that hold the separator in quotes, or say the format");
    }
  }

  /** Fails for a row that is the header once more. */
  static void checkRow(String source, int line, String[] cells, String[] header) {
    for (int c = 0; c < cells.length; c++) {
      String cell = c == 0 && cells[c].startsWith("\uFEFF") ? cells[c].substring(1) : cells[c];
      if (!cell.equals(header[c])) {
        return;
      }
    }
    throw new DataException(source, line, "this line is the header once more, as where files were put together; leave it out, "
        + "or say noheader in the format if both are rows");
  }

  /** The names of the columns, which the first row has or else are numbers; so is a name that is empty. */
  static List<String> columns(String[] first, boolean header) {
    List<String> columns = new ArrayList<>();
    for (int c = 0; c < first.length; c++) {
      columns.add(header && !first[c].isBlank() ? first[c].strip() : Integer.toString(c + 1));
    }
    return columns;
  }

  /** How rows were read, in words. */
  static String layout(Dialect dialect, int width, boolean header) {
    return (width == 1 ? "one column" : dialect.words()) + (header ? ", header" : ", no header")
        + (dialect.separator() != '\t' && !dialect.quoted() ? ", no quoting" : "")
        + (dialect.separator() == '\t' && dialect.quoted() ? ", quoted" : "");
  }

  /** The cells of one row of a file, perhaps with empty lines behind it. */
  static String[] cells(Path path, String row, int line, Dialect dialect) {
    DelimitedRows found = new DelimitedRows();
    found.read(new TextFile(path, row), line, dialect);
    if (found.rows.size() != 1) {
      throw new DataException(path.toString(), line, "this row has a carriage return alone as a line end; write line feeds");
    }
    return found.rows.getFirst();
  }

  private void read(TextFile file, int line, Dialect dialect) {
    if (dialect.quoted()) {
      readQuoted(file, line, dialect.separator());
    } else {
      readPlain(file.text(), line, dialect.separator());
    }
  }

  /** Cuts at line feeds and separators alone: every other character, also U+0085 or a quote, is text. */
  private void readPlain(String text, int firstLine, char separator) {
    int line = firstLine - 1;
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

  private void readQuoted(TextFile file, int firstLine, char separator) {
    CsvSchema schema = CsvSchema.emptySchema().withColumnSeparator(separator).withQuoteChar('"').withoutEscapeChar();
    int line = firstLine;
    try (JsonParser parser = MAPPER.reader().with(schema).createParser(file.text())) {
      List<String> cells = new ArrayList<>();
      parser.nextToken(); // the array of all rows
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        switch (token) {
          case START_ARRAY -> line = firstLine - 1 + parser.currentLocation().getLineNr();
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
