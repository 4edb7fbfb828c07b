package dev.hone.train.data;

import dev.hone.nn.Labels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * The rows of a file as they stand, also those that a {@link Dataset} skips or refuses: to look at data before training.
 * Format, columns and rows are found as there. Rows are made when they are asked for, so that a file costs its cells and no
 * more.
 */
public final class SourceRows {
  private final Path file;
  private final DataOptions options;
  private final Dataset<? extends Example> whole; // a plain text, or sentences of tagged words; null: there is a table
  private final RawTable table;
  private final LabelledRows labelled; // null: rows have no labels
  private final LanguageRows language; // null: rows are for something else than a language model
  private final IntFunction<? extends Example> reader;
  private final int needed; // the column without which a row is empty
  private final boolean document;
  private final String description;
  private final boolean byLine;

  private SourceRows(Path file, DataOptions options, Dataset<? extends Example> whole) {
    this.file = file;
    this.options = options;
    this.whole = whole;
    this.table = null;
    this.labelled = null;
    this.language = null;
    this.reader = whole::row;
    this.needed = -1;
    this.document = whole.size() > 0 && whole.row(0) instanceof Example.Document;
    this.description = whole.description();
    this.byLine = true;
  }

  private SourceRows(Path file, DataOptions options, RawTable table, LabelledRows labelled, LanguageRows language) {
    this(file, options, table, labelled, language, labelled == null ? language::row : labelled::row,
        labelled == null ? language.learntColumn() : labelled.textColumn(),
        labelled == null ? language.description() : labelled.description(),
        labelled == null ? language.used() : labelled.used());
  }

  private SourceRows(Path file, DataOptions options, RawTable table, LabelledRows labelled, LanguageRows language,
      IntFunction<? extends Example> reader, int needed, String columns, Set<Integer> used) {
    this.file = file;
    this.options = options;
    this.whole = null;
    this.table = table;
    this.labelled = labelled;
    this.language = language;
    this.reader = reader;
    this.needed = needed;
    this.document = false;
    this.description = Dataset.describe(file, table, table.rows().size(), 0) + ", " + columns
        + table.unread(used, Set.copyOf(options.more()));
    this.byLine = rising(table.lines());
  }

  private static boolean rising(int[] lines) {
    for (int i = 1; i < lines.length; i++) {
      if (lines[i] <= lines[i - 1]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Reads texts with labels; see {@link Dataset#labelled(Path, DataOptions, Labels.Kind)}.
   *
   * @throws DataException for what is wrong with the file as a whole
   */
  public static SourceRows labelled(Path file, DataOptions options, Labels.Kind kind) {
    RawTable table = RawTable.read(file, options);
    return new SourceRows(file, options, table, new LabelledRows(table, options, kind), null);
  }

  /**
   * Reads rows for a language model; see {@link Dataset#language}.
   *
   * @throws DataException for what is wrong with the file as a whole
   */
  public static SourceRows language(Path file, DataOptions options) {
    if (isDocument(file, options)) {
      return new SourceRows(file, options, Dataset.language(file, options));
    }
    RawTable table = RawTable.read(file, options);
    return new SourceRows(file, options, table, null, new LanguageRows(table, options));
  }

  /**
   * Reads texts that belong together, or texts with labels; see {@link Dataset#related}.
   *
   * @throws DataException for what is wrong with the file as a whole
   */
  public static SourceRows related(Path file, DataOptions options) {
    RawTable table = RawTable.read(file, options);
    if (!RelatedRows.fits(table, options) && (options.parts().containsKey(DataOptions.LABEL) || ColumnChoice.hasLabel(table))) {
      return labelled(file, options, Labels.Kind.SINGLE_LABEL);
    }
    RelatedRows rows = new RelatedRows(table, options);
    return new SourceRows(file, options, table, null, null, rows::row, rows.anchorColumn(), rows.description(), rows.used());
  }

  /**
   * Reads words with tags; see {@link Dataset#tagged}.
   *
   * @throws DataException for what is wrong with any row
   */
  public static SourceRows tagged(Path file, DataOptions options) {
    return new SourceRows(file, options, Dataset.tagged(file, options));
  }

  /**
   * Reads answers that are preferred to others, or liked; see {@link Dataset#judged}.
   *
   * @throws DataException for what is wrong with the file as a whole
   */
  public static SourceRows judged(Path file, DataOptions options) {
    RawTable table = RawTable.read(file, options);
    PreferenceRows rows = new PreferenceRows(table, options);
    return new SourceRows(file, options, table, null, null, rows::row, rows.learntColumn(), rows.description(), rows.used());
  }

  /** Reads what the columns say: rows for a language model if they have its keys, also a plain text; else texts with labels. */
  public static SourceRows detected(Path file, DataOptions options, Labels.Kind kind) {
    if (isDocument(file, options)) {
      RawTable lines = tableOrNull(file, options);
      if (lines == null || lines.format() != DataFormat.FASTTEXT && !isLabelled(lines, options, kind)) {
        return language(file, options);
      }
      return new SourceRows(file, options, lines, new LabelledRows(lines, options, kind), null); // so published, too
    }
    RawTable table = RawTable.read(file, options);
    LanguageRows language = LanguageRows.orNull(table, options);
    if (language != null && !language.isTextAlone()) {
      return new SourceRows(file, options, table, null, language);
    }
    if (language != null && !LabelledRows.hasLabels(table, options)) {
      return new SourceRows(file, options, table, null, language); // a text and no label
    }
    return new SourceRows(file, options, table, new LabelledRows(table, options, kind), null);
  }

  private static RawTable tableOrNull(Path file, DataOptions options) {
    try {
      return RawTable.read(file, options);
    } catch (DataException _) {
      return null;
    }
  }

  private static boolean isLabelled(RawTable table, DataOptions options, Labels.Kind kind) {
    try {
      return new LabelledRows(table, options, kind).textColumn() >= 0;
    } catch (DataException _) {
      return false;
    }
  }

  /** The columns among which no label was recognised, so that rows are texts to learn; empty if nothing was assumed. */
  public List<String> unrecognised() {
    return language != null && language.isTextAlone() && options.parts().isEmpty()
        && table.columns().size() > 1
        ? table.columns() : List.of();
  }

  private static boolean isDocument(Path file, DataOptions options) {
    return TextFile.isPlain(file) && options.silent();
  }

  /** Whether the rows are texts with labels, not rows for a language model. */
  public boolean isLabelled() {
    return labelled != null;
  }

  /** Whether the file is one long text, and so one row, or a row for each part of a very long one. */
  public boolean isDocument() {
    return document;
  }

  /** Whether rows are conversations. */
  public boolean isChat() {
    return language != null && language.isChat();
  }

  /** The file. */
  public Path file() {
    return file;
  }

  /** One line that says what was read and how. */
  public String description() {
    return description;
  }

  /** The number of rows. */
  public int size() {
    return whole != null ? whole.size() : table.rows().size();
  }

  /** How a user finds row {@code i}: by {@link #unit}, from 1. */
  public int number(int i) {
    return whole != null ? whole.line(i) : byLine ? table.lines()[i] : i + 1;
  }

  /** What {@link #number} counts: "line", or "row" where several rows may share a line. */
  public String unit() {
    return byLine ? "line" : "row";
  }

  /** Whether row {@code i} has no text, or nothing to learn: a {@link Dataset} skips it. */
  public boolean isEmpty(int i) {
    return whole == null && blank(i, needed);
  }

  /** Whether row {@code i} should have a label and has none: a {@link Dataset} refuses it. */
  public boolean lacksLabel(int i) {
    return labelled != null && labelled.lacksLabel(i);
  }

  private boolean blank(int i, int column) {
    String cell = table.cell(i, column);
    return cell == null || cell.isBlank();
  }

  /** The labels of row {@code i}, one or several. Throws {@link DataException} for what is no label. */
  public List<String> labels(int i) {
    return labelled.labels(i);
  }

  /** A check of the labels, to be given those of each row; null if rows have none. */
  public LabelCheck labelCheck() {
    return labelled == null ? null : labelled.check();
  }

  /** The label of row {@code i}, without surrounding spaces; empty if there is none. */
  public String label(int i) {
    return labelled == null ? "" : labelled.label(i);
  }

  /**
   * Row {@code i}, from 0; where a text or a label is missing it is empty.
   *
   * @throws DataException for a row that is malformed
   */
  public Example row(int i) {
    return reader.apply(i);
  }

  /**
   * Writes those rows of the file that are to be kept to another file, in the same format, each as it was written.
   *
   * @param target the new file; compressed if its name ends in {@code .gz}
   * @param keep whether a row is kept
   * @param mended by row, characters to take out of what was written: the first place that holds them
   * @throws DataException for a plain text, which has no rows, or if no row is kept
   */
  public void copy(Path target, IntPredicate keep, Map<Integer, String> mended) throws IOException {
    if (whole != null) {
      throw new DataException(file.toString(), document ? "is a plain text without rows; there is nothing to take out"
          : "has sentences of tagged words, which are mended where they were written, not here");
    }
    boolean array = table.format() == DataFormat.JSON;
    if (table.format() == DataFormat.OBJECT || !array && !byLine) {
      throw new DataException(file.toString(), "its rows do not stand on lines of their own, so that none can be taken out; "
          + "write "
          + "one object per line (.jsonl)");
    }
    RowCopy.write(file, options, table.lines(), array, keep, mended, target);
  }
}
