package dev.hone.train.encode;

/** What is to be learnt from a row. Each task has its kind; those that several share are here. */
public interface Target {
  /** Of rows that are only to be answered. */
  Target NONE = () -> new float[0];

  /** All that this target says in numbers, by which runs tell their rows from others: its part of the fingerprint. */
  float[] numbers();

  /** That one class holds. */
  interface OfClass extends Target {
    /** Its number. */
    int label();

    @Override
    default float[] numbers() {
      return new float[] {label()};
    }
  }

  /**
   * The one class that holds.
   *
   * @param label its number
   */
  record OneClass(int label) implements OfClass {}

  /**
   * Any number of labels.
   *
   * @param shares one for each label of the model: 1 if it holds, else 0
   */
  record SomeLabels(float[] shares) implements Target {
    /** Whether a label holds. */
    public boolean holds(int label) {
      return shares[label] >= 0.5f;
    }

    @Override
    public float[] numbers() {
      return shares;
    }
  }

  /**
   * Numbers that are to be met.
   *
   * @param numbers one for each output of the model
   */
  record Numbers(float[] numbers) implements Target {}

  /** That some of the row's tokens are to be learnt. */
  interface OfTokens extends Target {
    /** Whether each token is to be learnt; one that is not is only read. */
    boolean[] learnt();

    @Override
    default float[] numbers() {
      float[] numbers = new float[learnt().length];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = learnt()[i] ? 1 : 0;
      }
      return numbers;
    }
  }

  /**
   * The tokens of a text that are to be learnt.
   *
   * @param learnt one for each token
   */
  record LearntTokens(boolean[] learnt) implements OfTokens {}

  /** What is to be said of a row with a target of another task. */
  static IllegalArgumentException unexpected(int row, Target found, String wanted) {
    return new IllegalArgumentException("row " + row + " of the training set has a target " + found.getClass().getSimpleName()
        + ", this objective learns from " + wanted + ": the rows were encoded for another task");
  }
}
