package dev.hone.train.data;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tables of files that are too large for the heap: an index of where rows begin is in memory, a row is read and taken apart when
 * it is asked for. Format, separator, quoting and rows are those that reading the whole file finds; header and columns are told
 * from the first {@link RawTable#HEAD} rows.
 */
final class IndexedRows {
  private static final int PLACES = 64;

  private IndexedRows() {}

  static RawTable read(RowFile file, DataOptions options) {
    long start = System.nanoTime();
    String head = file.head();
    DataFormat format = options.formatOrNull();
    if (format == null) {
      format = DataFormat.of(new TextFile(file.path(), head));
    }
    return switch (format) {
      case JSON, OBJECT -> throw new DataException(file.name(),
          "a JSON list of this size cannot be read in parts; write one object per "
          + "line (.jsonl)");
      case JSONL -> lines(file, start);
      case FASTTEXT -> {
        RowFile.Index index = file.lines();
        CellKinds kinds = new CellKinds();
        yield new RawTable(file.name(), format, format.words() + made(start), true, FastTextRows.COLUMNS,
            new RowList<>(index.size(),
            lastKept(i -> FastTextRows.cells(index.text(i), index.line(i), kinds))), index.lines(0), kinds, true);
      }
      case CSV, TSV -> {
        RowFile rows = file.behind(Dialect.markLength(head));
        yield delimited(rows, format, Dialect.of(head, format, options, rows::scan), options, start);
      }
    };
  }

  private static RawTable lines(RowFile file, long start) {
    RowFile.Index index = file.lines();
    JsonRows head = new JsonRows(file.name());
    for (int i = 0; i < Math.min(RawTable.HEAD, index.size()); i++) {
      head.read(index.text(i), index.line(i));
    }
    if (index.size() == 1 && JsonShape.of(file.name(),
        JsonMapper.shared().readTree(index.text(0))).kind() != JsonShape.Kind.ROW) {
      throw new DataException(file.name(), "one JSON object with all rows cannot be read in parts; write one object per line "
          + "(.jsonl)");
    }
    return new RawTable(file.name(), DataFormat.JSONL, DataFormat.JSONL.words() + made(start), true, head.columns(),
        new RowList<>(index.size(), lastKept(i -> head.cells(index.text(i), index.line(i)))), index.lines(0), head.kinds(), true);
  }

  private static RawTable delimited(RowFile file, DataFormat format, Dialect dialect, DataOptions options, long start) {
    RowFile.Index index = file.delimited(dialect.separator(), dialect.quoted());
    if (index.size() == 0) {
      throw new DataException(file.name(), "has no rows");
    }
    int width = DelimitedRows.cells(file.path(), index.text(0), index.line(0), dialect).length;
    IntFunction<String[]> row = i -> {
      String[] cells = DelimitedRows.cells(file.path(), index.text(i), index.line(i), dialect);
      DelimitedRows.checkWidth(file.name(), index.line(i), cells.length, width, dialect);
      return cells;
    };
    List<String[]> head = List.copyOf(new RowList<>(Math.min(RawTable.HEAD, index.size()), row));
    boolean header = HeaderGuess.hasHeader(head, options);
    int first = header ? 1 : 0;
    String[] names = head.getFirst();
    IntFunction<String[]> checked = i -> {
      String[] cells = row.apply(i + first);
      if (header) {
        DelimitedRows.checkRow(file.name(), index.line(i + first), cells, names);
      }
      return cells;
    };
    return new RawTable(file.name(), format, DelimitedRows.layout(dialect, width, header) + made(start), header,
        DelimitedRows.columns(names, header), new RowList<>(index.size() - first, lastKept(checked)),
        index.lines(first), new CellKinds(), true);
  }

  private static String made(long start) {
    return String.format(Locale.ROOT, ", read through an index (made in %.1f s)", (System.nanoTime() - start) / 1e9);
  }

  private record Last(int row, String[] cells) {}

  /** Remembers the last row of each thread, or of a few that share a place: its cells are asked for one by one. */
  private static IntFunction<String[]> lastKept(IntFunction<String[]> rows) {
    AtomicReferenceArray<Last> places = new AtomicReferenceArray<>(PLACES); // thread-locals would outlive the table
    return row -> {
      int place = (int) Thread.currentThread().threadId() & PLACES - 1;
      Last last = places.get(place);
      if (last == null || last.row != row) {
        last = new Last(row, rows.apply(row));
        places.set(place, last);
      }
      return last.cells;
    };
  }
}
