package dev.hone.train.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which column is the text and which the label: what the user says, else by the usual names, else by content (labels
 * repeat and are short, texts are long).
 */
final class ColumnChoice {
  private static final int LONGEST_LABEL = 60;

  private final RawTable table;
  private final DataOptions options;
  private final int text;
  private final List<Integer> labels; // several: columns of 0 and 1

  /** Chooses; {@code withLabel} makes a label column a must. */
  ColumnChoice(RawTable table, DataOptions options, boolean withLabel) {
    this.table = table;
    this.options = options;
    int saidText = said(DataOptions.TEXT);
    List<Integer> said = saidLabels();
    if (saidText >= 0 && said.contains(saidText)) {
      throw new DataException(table.source(), "text and label are the same column; " + table.columnList());
    }
    int foundLabel = !said.isEmpty() ? said.getFirst() : named(ColumnNames.LABEL, saidText);
    int foundText = saidText >= 0 ? saidText : named(ColumnNames.TEXT, foundLabel);
    if (foundLabel < 0) {
      foundLabel = byRepeats(foundText, withLabel);
    }
    if (foundText < 0) {
      foundText = byLength(foundLabel);
    }
    if (withLabel && foundLabel < 0) {
      throw cannotTell("the label");
    }
    if (foundText < 0) {
      throw cannotTell("the text");
    }
    requireFlat(table, foundText);
    text = foundText;
    labels = said.size() > 1 ? said : foundLabel < 0 ? List.of() : List.of(foundLabel);
  }

  /** Whether a column is called as labels are, or looks like one. */
  static boolean hasLabel(RawTable table) {
    if (table.named() && ColumnNames.LABEL.stream().anyMatch(name -> table.columns().stream()
        .anyMatch(column -> ColumnNames.plain(column).equals(name)))) {
      return true;
    }
    List<Integer> alike = candidates(table, table.named() ? named(table, ColumnNames.TEXT, -1) : -1);
    return alike.size() > 1 || alike.size() == 1 && table.columns().size() > 1;
  }

  int text() {
    return text;
  }

  /** The column of the label; several if there is one for each label; none if none was found. */
  List<Integer> labels() {
    return labels;
  }

  private List<Integer> saidLabels() {
    String name = options.parts().get(DataOptions.LABEL);
    if (name == null) {
      return List.of();
    }
    boolean several = name.contains("|") && !table.columns().contains(name);
    return Arrays.stream(several ? name.split("\\s*\\|\\s*") : new String[] {name})
        .map(each -> said(table, DataOptions.LABEL, each)).distinct().toList();
  }

  private int said(String part) {
    String name = options.parts().get(part);
    return name == null ? -1 : said(table, part, name);
  }

  /** The column that the user names for a part, by header or by number. */
  static int said(RawTable table, String part, String name) {
    int column = table.columns().indexOf(name);
    int again = table.columns().lastIndexOf(name);
    if (again != column) {
      throw twice(table, part, name, column, again);
    }
    if (column < 0 && name.matches("\\d{1,4}")) {
      column = Integer.parseInt(name) - 1;
    }
    if (column < 0 || column >= table.columns().size()) {
      throw new DataException(table.source(), "no column '" + name + "'" + (part.equals(name) ? "" : " (for " + part + ")") + "; "
          + table.columnList());
    }
    return column;
  }

  private int named(List<String> names, int taken) {
    return table.named() ? named(table, names, taken) : -1;
  }

  /** The first column but {@code taken} that has one of these names, the likeliest first, or -1. */
  static int named(RawTable table, List<String> names, int taken) {
    for (String name : names) {
      int found = -1;
      for (int c = 0; c < table.columns().size(); c++) {
        if (c != taken && ColumnNames.plain(table.columns().get(c)).equals(name)) {
          if (found >= 0) {
            throw twice(table, name, name, found, c);
          }
          found = c;
        }
      }
      if (found >= 0) {
        return found;
      }
    }
    return -1;
  }

  private static DataException twice(RawTable table, String part, String name, int one, int other) {
    return new DataException(table.source(), "two columns are called '" + name + "', number " + (one + 1) + " and " + (other + 1)
        + "; say which by its number (--columns), such as " + part + "=" + (one + 1));
  }

  private int byRepeats(int taken, boolean must) {
    List<Integer> found = candidates(table, taken);
    if (found.size() > 1 && taken < 0) {
      found.remove(Integer.valueOf(byLength(-1))); // in short files texts look like labels, but are longer
    }
    if (found.size() > 1 && must) {
      List<String> flags = found.stream().filter(this::isFlag).map(c -> table.columns().get(c)).toList();
      if (flags.size() > 1) {
        throw new DataException(table.source(), "the columns " + String.join(", ", flags)
            + " hold 0 and 1 alone, as if each were a "
            + "label; say label=" + String.join("|", flags) + " in the columns (where a row may have any number of them, with "
            + "--problem-type multi_label_classification), or label=" + flags.getFirst() + " for one of them");
      }
      throw new DataException(table.source(), "cannot tell the label, " + table.describe(found.get(0)) + " and "
          + table.describe(found.get(1)) + " both look like one; say label=" + table.columns().get(found.get(0))
          + " in the columns");
    }
    return found.size() == 1 ? found.getFirst() : -1;
  }

  /** Whether a column holds 0 and 1, or true and false. */
  private boolean isFlag(int column) {
    return table.head().stream().allMatch(row -> row[column] == null || Set.of("0", "1", "true", "false", "")
        .contains(LabelCheck.plain(row[column])));
  }

  /** Columns whose cells are short and repeat. */
  private static List<Integer> candidates(RawTable table, int taken) {
    List<Integer> found = new ArrayList<>();
    List<String[]> rows = table.head();
    for (int c = 0; c < table.columns().size(); c++) {
      Set<String> values = new HashSet<>();
      boolean isShort = table.kinds().list(table.columns().get(c)) == null;
      for (int r = 0; r < rows.size() && isShort; r++) {
        String cell = rows.get(r)[c];
        isShort = cell != null && cell.length() <= LONGEST_LABEL;
        values.add(cell);
      }
      boolean empty = values.stream().allMatch(cell -> cell == null || cell.isBlank());
      if (c != taken && isShort && !empty && values.size() * 2 <= Math.max(rows.size(), 4)) {
        found.add(c);
      }
    }
    return found;
  }

  private int byLength(int taken) {
    List<Integer> found = new ArrayList<>();
    for (int c = 0; c < table.columns().size(); c++) {
      boolean numbers = true;
      for (String[] row : table.head()) {
        numbers &= row[c] == null || ColumnNames.isNumber(row[c]);
      }
      if (c != taken && !numbers && table.kinds().list(table.columns().get(c)) == null) {
        found.add(c);
      }
    }
    return longest(found);
  }

  /** The column with the most characters, or -1 if there is none. */
  private int longest(List<Integer> columns) {
    int best = -1;
    long most = 0;
    for (int c : columns) {
      long characters = 0;
      for (String[] row : table.head()) {
        characters += row[c] == null ? 0 : row[c].length();
      }
      if (characters > most) {
        most = characters;
        best = c;
      }
    }
    return best;
  }

  /** Fails if a column holds lists or objects. */
  static void requireFlat(RawTable table, int column) {
    String name = table.columns().get(column);
    Integer line = table.kinds().list(name);
    if (line != null) {
      throw new DataException(table.source(), line, "column '" + name + "' holds a list or an object, not text; "
          + table.columnList());
    }
  }

  private DataException cannotTell(String what) {
    return new DataException(table.source(), "cannot tell which column is " + what + "; " + table.columnList()
        + "; say which: text=NAME,label=NAME");
  }
}
