package dev.hone.train.data;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether the first row names the columns. It does if the user says so or names a column by one of its cells; if a
 * cell is a usual column name and no value of its column; if a cell is no number above numbers only; or if all cells are
 * short and different and one stands above few, repeated values without being one of them.
 */
final class HeaderGuess {
  /** Cells longer than this are taken for texts. */
  private static final int SHORT = 30;

  private HeaderGuess() {}

  /** Whether a row is the first one once more, and that has a usual column name: files were put together. */
  private static boolean isAgain(String[] first, String[] row) {
    return first.length > 1 && Arrays.equals(first, row) && Arrays.stream(first).anyMatch(ColumnNames::isKnown);
  }

  static boolean hasHeader(List<String[]> rows, DataOptions options) {
    if (options.headerOrNull() != null) {
      return options.headerOrNull();
    }
    String[] first = rows.getFirst();
    List<String[]> rest = rows.subList(1, rows.size()).stream().filter(row -> !isAgain(first, row)).toList();
    for (String column : options.parts().values()) {
      if (List.of(first).contains(column) && !column.chars().allMatch(Character::isDigit)) {
        return true;
      }
    }
    if (RelatedRows.areNames(List.of(first))) {
      return true;
    }
    List<String> named = Arrays.stream(first).filter(name -> !name.isBlank()).toList();
    boolean allShort = !named.isEmpty() && new HashSet<>(named).size() == named.size();
    boolean names = false;
    for (int c = 0; c < first.length; c++) {
      if (first[c].isBlank()) {
        continue; // a column without a name, or a separator too many on every line
      }
      Set<String> values = new HashSet<>();
      boolean numbers = !rest.isEmpty();
      for (String[] row : rest) {
        values.add(row[c]);
        numbers &= ColumnNames.isNumber(row[c]);
      }
      boolean value = values.contains(first[c]);
      if (!value && (ColumnNames.isKnown(first[c]) || (numbers && !ColumnNames.isNumber(first[c])))) {
        return true;
      }
      allShort &= first[c].length() <= SHORT && !ColumnNames.isNumber(first[c])
          && !first[c].strip().matches(".*[.!?]");
      names |= !value && rest.size() >= 4 && values.size() * 2 <= rest.size();
    }
    return allShort && names;
  }
}
