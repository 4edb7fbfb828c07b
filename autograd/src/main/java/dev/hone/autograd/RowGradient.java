package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A gradient by a table [V, C] of which a batch picked a few rows: zero in all others, which nobody stores.
 *
 * <p>Implementation note: of an embedding table of 30,000 rows a batch uses a thousand, so its whole gradient would be the
 * largest tensor of a step, and almost all zeros.
 */
public final class RowGradient {
  private final int[] rows;
  private final Tensor values;

  private RowGradient(int[] rows, Tensor values) {
    this.rows = rows;
    this.values = values;
  }

  /** The numbers of the rows, ascending. */
  public int[] rows() {
    return rows;
  }

  /** Their gradients, [rows, C], in the same order. */
  public Tensor values() {
    return values;
  }

  /**
   * What was there, with a contribution added to it, or null if that has so many rows that it had better be whole.
   *
   * @param table shape of the table
   * @param before null if there was nothing; its memory goes over or is given back
   * @param picked for each row of the contribution the row of the table; -1 is left out
   */
  static RowGradient sum(Shape table, RowGradient before, Tensor contribution, int[] picked, float scale) {
    IntStream more = Arrays.stream(picked).filter(row -> row >= 0);
    int[] rows = (before == null ? more : IntStream.concat(Arrays.stream(before.rows), more)).sorted().distinct().toArray();
    if (table.rank() != 2 || 2L * rows.length > table.dim(0)) {
      return null;
    }
    RowGradient sum = before;
    if (before == null || before.rows.length < rows.length) {
      sum = new RowGradient(rows, Tensor.lasting(contribution.device(), table.with(0, rows.length)).fill(0));
      if (before != null) {
        sum.add(before.values, before.rows, 1);
        before.release();
      }
    }
    sum.add(contribution, picked, scale);
    return sum;
  }

  private void add(Tensor contribution, int[] picked, float scale) {
    int[] places = Arrays.stream(picked).map(row -> row < 0 ? row : Arrays.binarySearch(rows, row)).toArray();
    GatherOps.addRows(contribution, places, scale, values);
  }

  /** Adds this to a gradient of all rows. */
  void addTo(Tensor whole) {
    GatherOps.addRows(values, rows, 1, whole);
  }

  void release() {
    values.release();
  }
}
