package dev.hone.train.inspect;

import dev.hone.train.data.DataException;
import java.util.List;

/**
 * The labels of rows by name: one, several, or a number.
 *
 * @param kind what labels are
 */
record RowLabels(Corpus corpus, InspectSettings.Labels kind) {
  /** Those of a row; one that is empty if it has none. */
  List<String> of(int row) {
    if (kind == InspectSettings.Labels.NUMBERS) {
      return List.of(number(corpus.label(row)));
    }
    try {
      return corpus.labels(row);
    } catch (DataException _) {
      return List.of(""); // a list that is none
    }
  }

  /** Numbers are equal however they are written. */
  private static String number(String label) {
    try {
      return Double.toString(Double.parseDouble(label));
    } catch (NumberFormatException _) {
      return label;
    }
  }
}
