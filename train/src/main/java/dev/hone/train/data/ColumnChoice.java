package dev.hone.train.data;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which column is the text and which the label: what the user says, else by the usual names, else by content (labels
 * repeat and are short, texts are long).
 */
final class ColumnChoice {
  private static final int LONGEST_LABEL = 60;

  private final Table table;
  private final DataOptions options;
  private final int text;
  private final int label;

  /** Chooses; {@code withLabel} makes a label column a must, which with {@code lists} may hold lists. */
  ColumnChoice(Table table, DataOptions options, boolean withLabel, boolean lists) {
    this.table = table;
    this.options = options;
    int saidText = said(DataOptions.TEXT);
    int saidLabel = said(DataOptions.LABEL);
    if (saidText >= 0 && saidText == saidLabel) {
      throw new DataException(table.source(), "text and label are the same column; " + table.columnList());
    }
    int foundLabel = saidLabel >= 0 ? saidLabel : named(ColumnNames.LABEL, saidText);
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
    text = flat(foundText);
    label = withLabel && !lists ? flat(foundLabel) : foundLabel;
  }

  /** Fails if a row that was read since has a list where a text or a label is needed. */
  void checkFlat(boolean lists) {
    requireFlat(table, text);
    if (label >= 0 && !lists) {
      requireFlat(table, label);
    }
  }

  int text() {
    return text;
  }

  int label() {
    return label;
  }

  private int said(String part) {
    String name = options.parts().get(part);
    return name == null ? -1 : said(table, part, name);
  }

  /** The column that the user names for a part, by header or by number. */
  static int said(Table table, String part, String name) {
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
  static int named(Table table, List<String> names, int taken) {
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

  private static DataException twice(Table table, String part, String name, int one, int other) {
    return new DataException(table.source(), "two columns are called '" + name + "', number " + (one + 1) + " and " + (other + 1)
        + "; say which by its number (--columns), such as " + part + "=" + (one + 1));
  }

  private int byRepeats(int taken, boolean must) {
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
    if (found.size() > 1 && taken < 0) {
      found.remove(Integer.valueOf(byLength(-1))); // in short files texts look like labels, but are longer
    }
    if (found.size() > 1 && must) {
      throw new DataException(table.source(), "cannot tell the label, " + table.describe(found.get(0)) + " and "
          + table.describe(found.get(1)) + " both look like one; say label=" + table.columns().get(found.get(0))
          + " in the columns");
    }
    return found.size() == 1 ? found.getFirst() : -1;
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

  private int flat(int column) {
    requireFlat(table, column);
    return column;
  }

  /** Fails if a column holds lists or objects. */
  static void requireFlat(Table table, int column) {
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
