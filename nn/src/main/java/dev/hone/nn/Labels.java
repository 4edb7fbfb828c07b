package dev.hone.nn;

import java.util.List;

/**
 * The classes of a sequence classifier.
 *
 * @param names by index; for regression the name of the one number
 * @param kind what the classes mean to each other
 */
public record Labels(List<String> names, Kind kind) {
  /** What classes mean to each other; Hugging Face's {@code problem_type}. */
  public enum Kind {
    /** One of the classes holds. Cross-entropy. */
    SINGLE_LABEL,
    /** Any number of the classes holds. Binary cross-entropy of each. */
    MULTI_LABEL,
    /** Numbers to be met. Mean squared error. */
    REGRESSION;

    /** The value of {@code problem_type} in {@code config.json}. */
    public String problemType() {
      return switch (this) {
        case SINGLE_LABEL -> "single_label_classification";
        case MULTI_LABEL -> "multi_label_classification";
        case REGRESSION -> "regression";
      };
    }
  }

  public Labels {
    names = List.copyOf(names);
    if (names.isEmpty()) {
      throw new IllegalArgumentException("Labels: a classifier needs at least one label");
    }
  }

  /** Number of labels. */
  public int size() {
    return names.size();
  }
}
