package dev.hone.nn;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Variable;
import java.util.stream.IntStream;

/**
 * Hidden states of the rows that count, with what belongs to them.
 *
 * @param hidden [M, C]
 * @param labels of the rows, or null where there are none
 * @param pass of these rows
 */
record HiddenRows(Variable hidden, int[] labels, Pass pass) {

  /** A head's answers, from the rows that it reads if the pass saves the others. */
  static Variable answers(Backbone backbone, Head head, TokenBatch batch, Pass pass) {
    int[] rows = saves(pass) ? head.reads(batch) : null;
    return rows == null || !ascending(rows) ? head.forward(backbone.forward(batch, pass), batch, pass)
        : head.forwardRead(backbone.forward(batch, rows, pass), batch, pass);
  }

  /**
   * All rows with their labels or, if the pass saves the others, those that have one.
   *
   * @param labels of the N rows, negative where there is none
   */
  static HiddenRows labelled(Backbone backbone, TokenBatch batch, int[] labels, Pass pass) {
    int[] rows = rows(labels);
    if (!saves(pass) || rows.length == 0) {
      return new HiddenRows(backbone.forward(batch, pass), labels, pass);
    }
    return new HiddenRows(backbone.forward(batch, rows, pass), IntStream.of(rows).map(row -> labels[row]).toArray(),
        pass.rows(rows));
  }

  /** The rows that have a label. */
  static int[] rows(int[] labels) {
    return IntStream.range(0, labels.length).filter(row -> labels[row] >= 0).toArray();
  }

  /** Those of these rows that have a label. */
  HiddenRows counted() {
    int[] rows = rows(labels);
    return rows.length == labels.length ? this
        : new HiddenRows(GatherOps.rows(hidden, rows), IntStream.of(rows).map(row -> labels[row]).toArray(), pass.rows(rows));
  }

  /** Keys and values of a cache are wanted of all rows, and nothing else is for them. */
  private static boolean saves(Pass pass) {
    return pass.savings().unreadRows() && pass.cache() == null;
  }

  private static boolean ascending(int[] rows) {
    return IntStream.range(1, rows.length).allMatch(i -> rows[i - 1] < rows[i]);
  }
}
