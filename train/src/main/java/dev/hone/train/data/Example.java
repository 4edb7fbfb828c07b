package dev.hone.train.data;

/** One row of a data set: one record per kind of task. */
public sealed interface Example {
  /**
   * A text to predict for.
   *
   * @param text the text, never blank
   */
  record Text(String text) implements Example {}

  /**
   * A text and its class.
   *
   * @param text the text, never blank
   * @param label the class by name, without surrounding spaces
   */
  record Labelled(String text, String label) implements Example {}
}
