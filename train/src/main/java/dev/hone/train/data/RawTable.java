package dev.hone.train.data;

import dev.hone.nn.family.ConfigReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A file cut into rows and named columns, before anything is known of what they mean.
 *
 * @param source the file, for messages
 * @param format how rows are written down
 * @param layout how it was read, in words: "comma separated, header"
 * @param named whether the columns have names of their own; otherwise they are called 1, 2, ...
 * @param columns the names
 * @param rows the cells, one array of {@code columns.size()} per row; null where a row has no such key
 * @param lines the line each row begins on, counted from 1
 * @param kinds of the cells, where the file tells them apart
 * @param onDemand whether rows are read from the file when they are asked for; then {@code kinds} grows as they are
 */
record RawTable(String source, DataFormat format, String layout, boolean named, List<String> columns, List<String[]> rows,
    int[] lines,
    CellKinds kinds, boolean onDemand) {
  /** Rows from which header and columns are told. */
  static final int HEAD = 10_000;
  /** Columns that a note names. */
  private static final int SHOWN = 8;

  /** Reads a file, through an index if it is too large for the heap. */
  static RawTable read(Path file, DataOptions options) {
    return RowFile.suits(file, options) ? checked(IndexedRows.read(RowFile.open(file, options), options))
        : read(TextFile.read(file, options), options);
  }

  static RawTable read(TextFile file, DataOptions options) {
    DataFormat format = options.formatOrNull();
    if (format == null) {
      format = DataFormat.of(file);
    }
    return checked(format.delimited() ? DelimitedRows.read(file, format, options)
        : format == DataFormat.FASTTEXT ? FastTextRows.read(file) : JsonRows.read(file, format));
  }

  private static RawTable checked(RawTable table) {
    if (table.rows.isEmpty()) {
      throw new DataException(table.source, table.named && !table.columns.isEmpty() ? "has a header and no rows" : "has no rows");
    }
    return table;
  }

  /** The first rows. */
  List<String[]> head() {
    return rows.subList(0, Math.min(HEAD, rows.size()));
  }

  /** One cell. */
  String cell(int row, int column) {
    return rows.get(row)[column];
  }

  /** How messages call a column: "column 'review'", or "column 2" where columns have no names. */
  String describe(int column) {
    return named ? "column '" + columns.get(column) + "'" : "column " + (column + 1);
  }

  /**
   * The columns that nobody asks for, as a note; empty if there are none.
   *
   * @param used by number
   * @param more by name
   */
  String unread(Set<Integer> used, Set<String> more) {
    List<String> left = IntStream.range(0, columns.size()).filter(c -> !used.contains(c) && !more.contains(columns.get(c)))
        .mapToObj(c -> named ? "'" + ConfigReader.shortened(columns.get(c)) + "'" : Integer.toString(c + 1)).toList();
    int shown = Math.min(left.size(), SHOWN);
    return left.isEmpty() ? "" : "; not read: " + String.join(", ", left.subList(0, shown))
        + (shown < left.size() ? " and " + (left.size() - shown) + " more" : "");
  }

  /** The columns as a list for messages. */
  String columnList() {
    return (named ? "columns found: " : "the file has no header; columns found: ")
        + String.join(", ", columns.stream().map(ConfigReader::shortened).toList());
  }
}
