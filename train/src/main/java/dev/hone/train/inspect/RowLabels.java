package dev.hone.train.inspect;

import dev.hone.train.data.Example;
import java.util.List;
import tools.jackson.core.JacksonException;

/**
 * The labels of rows by name: one, several, or a number.
 *
 * @param kind what labels are
 */
record RowLabels(Corpus corpus, InspectSettings.Labels kind) {
  /** Those of a row; one that is empty if it has none. */
  List<String> of(int row) {
    String label = corpus.label(row);
    return switch (kind) {
      case ONE -> List.of(label);
      case SEVERAL -> several(label);
      case NUMBERS -> List.of(number(label));
    };
  }

  private static List<String> several(String label) {
    try {
      return new Example.Labelled("", label).labels();
    } catch (JacksonException _) {
      return List.of(label); // a list that is no JSON is a label of its own, and a rare one
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
