package dev.hone.train.data;

import dev.hone.nn.Labels;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Rows of texts with labels: the one reader of what is trained and what is inspected. */
final class LabelledRows {
  private final RawTable table;
  private final DataOptions options;
  private final Labels.Kind kind;
  private final ColumnChoice columns;

  /**
   * Finds the columns.
   *
   * @param kind what labels are: several may be lists
   */
  LabelledRows(RawTable table, DataOptions options, Labels.Kind kind) {
    this.table = table;
    this.options = options;
    this.kind = kind;
    LanguageRows language = options.parts().isEmpty() ? LanguageRows.orNull(table, options) : null;
    if (language != null && !language.isTextAlone()) {
      throw new DataException(table.source(), "holds rows for a language model (" + language.description() + "), not texts with "
          + "labels; to learn them say --task generate, to classify say text=NAME,label=NAME in the columns");
    }
    this.columns = new ColumnChoice(table, options, true);
    checkFlat();
  }

  /** Whether a column looks as if it held labels, so that the rows are not texts alone. */
  static boolean hasLabels(RawTable table, DataOptions options) {
    return options.parts().containsKey(DataOptions.LABEL) || ColumnChoice.hasLabel(table);
  }

  /** Fails if a row that was read so far has a list where a text or one label is needed. */
  void checkFlat() {
    ColumnChoice.requireFlat(table, columns.text());
    for (int label : columns.labels()) {
      Integer line = table.kinds().list(table.columns().get(label));
      if (line != null && kind != Labels.Kind.MULTI_LABEL) {
        throw new DataException(table.source(), line, "the label (" + table.describe(label)
            + ") is a list or an object; rows with "
            + "several labels need --problem-type multi_label_classification");
      }
    }
  }

  int textColumn() {
    return columns.text();
  }

  /** The check of all labels, to be given them row by row. */
  LabelCheck check() {
    return new LabelCheck(table, columns.labels().getFirst(), kind, options);
  }

  /** The text of a row; empty if it has none. */
  String text(int r) {
    String cell = table.cell(r, columns.text());
    return cell == null ? "" : cell;
  }

  /** Whether a row has no label. */
  boolean lacksLabel(int r) {
    return columns.labels().size() == 1 && isBlank(table.cell(r, columns.labels().getFirst()));
  }

  private static boolean isBlank(String cell) {
    return cell == null || cell.isBlank();
  }

  /**
   * The label of a row; of several, which are a list or columns of 0 and 1, a JSON list; empty if there is none.
   *
   * @throws DataException for what is no label
   */
  String label(int r) {
    if (columns.labels().size() > 1) {
      return ofColumns(r);
    }
    if (lacksLabel(r)) {
      return "";
    }
    String label = table.cell(r, columns.labels().getFirst()).strip();
    if (kind == Labels.Kind.REGRESSION || kind == Labels.Kind.SINGLE_LABEL && !merges()) {
      return label;
    }
    if (kind == Labels.Kind.SINGLE_LABEL) {
      return LabelCheck.plain(label);
    }
    List<String> several = several(r, label);
    return merges() ? JsonMapper.shared().writeValueAsString(several.stream().map(LabelCheck::plain).distinct().toList()) : label;
  }

  private boolean merges() {
    return options.labels().equals(DataOptions.MERGE);
  }

  /** The labels of a row, one or several. */
  List<String> labels(int r) {
    String label = label(r);
    return kind == Labels.Kind.MULTI_LABEL || columns.labels().size() > 1 && label.startsWith("[") ? several(r, label)
        : List.of(label);
  }

  private List<String> several(int r, String label) {
    List<String> several;
    try {
      several = new Example.Labelled("", label).labels();
    } catch (JacksonException e) {
      throw new DataException(table.source(), table.lines()[r], "the label (" + describe() + ") is a list that is not JSON, "
          + shortened(label) + "; write [\"a\", \"b\"] or a|b", e);
    }
    if (several.stream().distinct().count() < several.size()) {
      throw fault(r, "the label (" + describe() + ") names one label twice, " + shortened(label) + "; a list has the names of a "
          + "row's labels, not a number for each");
    }
    return several;
  }

  /** Which of several columns hold 1. */
  private String ofColumns(int r) {
    List<String> names = new ArrayList<>();
    for (int column : columns.labels()) {
      String cell = table.cell(r, column);
      String value = cell == null ? "" : LabelCheck.plain(cell);
      if (value.equals("1") || value.equals("true")) {
        names.add(table.columns().get(column));
      } else if (!value.isEmpty() && !value.equals("0") && !value.equals("false")) {
        throw fault(r, table.describe(column) + " is one of several with labels and holds '" + shortened(cell)
            + "'; such columns hold 0 and 1");
      }
    }
    if (kind == Labels.Kind.MULTI_LABEL) {
      return JsonMapper.shared().writeValueAsString(names);
    }
    if (names.size() != 1) {
      throw fault(r, names.size() + " of the label's columns hold 1 (" + String.join(", ", names)
          + "); where a row has any number of "
          + "labels say --problem-type multi_label_classification");
    }
    return names.getFirst();
  }

  /** Row {@code r}; where a text or a label is missing it is empty. */
  Example.Labelled row(int r) {
    return new Example.Labelled(text(r), label(r));
  }

  /** What was found, in words. */
  String description() {
    return "text = " + table.describe(columns.text()) + ", label = " + describe();
  }

  /** The columns that rows are made of. */
  Set<Integer> used() {
    Set<Integer> used = new HashSet<>(columns.labels());
    used.add(columns.text());
    return used;
  }

  /** The column of the label in words, or those. */
  String describe() {
    return columns.labels().size() == 1 ? table.describe(columns.labels().getFirst()) : "columns "
        + String.join(", ", columns.labels().stream().map(c -> "'" + table.columns().get(c) + "'").toList());
  }

  private DataException fault(int r, String problem) {
    return new DataException(table.source(), table.lines()[r], problem);
  }

  private static String shortened(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "..." : text;
  }
}
