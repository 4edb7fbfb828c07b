package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import java.util.List;

/** Rows and elements picked by number. */
public final class GatherOps {
  private static final int NONE = -1; // what kernels take for a row of zeros

  private GatherOps() {}

  /** Rows of a table by token id. [V, C] -> [N, C]; a frozen table may be stored in any float type. */
  public static Variable embedding(Variable table, int[] ids) {
    return embedding(table, ids, 1);
  }

  /** Rows of a table, multiplied, as Gemma does. */
  public static Variable embedding(Variable table, int[] ids, float scale) {
    checkIds(table, ids);
    return rows("embedding", table, ids, ids, scale);
  }

  /** Rows of a table with one id, that of padding, whose row gets no gradient. */
  public static Variable paddedEmbedding(Variable table, int[] ids, int paddingId) {
    checkIds(table, ids);
    int[] trained = ids.clone();
    for (int i = 0; i < trained.length; i++) {
      trained[i] = trained[i] == paddingId ? NONE : trained[i];
    }
    return rows("embedding", table, ids, trained, 1);
  }

  private static void checkIds(Variable table, int[] ids) {
    int rows = table.shape().dim(0);
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= rows) {
        throw new ShapeException("embedding: id " + ids[i] + " at position " + i + ", the table has " + rows + " rows");
      }
    }
  }

  /** Rows of a matrix by number; a row may be picked more than once, and -1 gives zeros. [M, C] -> [N, C]. */
  public static Variable rows(Variable x, int[] rows) {
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] < NONE || rows[i] >= x.shape().dim(0)) {
        throw new ShapeException("rows: number " + rows[i] + " at position " + i + " of " + x.shape());
      }
    }
    return rows("rows", x, rows, rows, 1);
  }

  private static Variable rows(String op, Variable x, int[] rows, int[] back, float scale) {
    Tensor y = x.value().emptyLike(rows.length, x.shape().columns());
    Kernels.of(y).gather().rows(x.value(), rows, scale, y);
    return Variable.of(op, y).pullbacks(List.of(x), (up, targets) -> targets.addRows(0, up, back, scale)).saves();
  }

  /** Adds {@code scale} times each row of dy to a row of a table's gradient; row -1 is left out. */
  static void addRows(Tensor dy, int[] rows, float scale, Tensor dTable) {
    Kernels.of(dy).gather().addRows(dy, rows, scale, dTable);
  }

  /** Slices of x along an axis by number: y[.., i, ..] = x[.., index[i], ..]. */
  public static Variable indexSelect(Variable x, int axis, int[] index) {
    Shape shape = x.shape();
    int at = shape.axis(axis);
    int length = shape.dim(at);
    int outer = shape.product(0, at);
    int inner = shape.product(at + 1, shape.rank());
    int[] rows = new int[outer * index.length];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i / index.length * length + checked("indexSelect", index[i % index.length], length, shape, at);
    }
    return ShapeOps.reshape(rows(ShapeOps.reshape(x, outer * length, inner), rows), shape.with(at, index.length).toArray());
  }

  /**
   * One element of x per index, along an axis: y[.., i, ..] = x[.., index[.., i, ..], ..].
   *
   * @param index row-major, of shape {@code dims}
   * @param dims sizes of the result; equal to those of x but for the axis
   */
  public static Variable gather(Variable x, int axis, int[] index, int... dims) {
    Shape from = x.shape();
    Shape to = Shape.of(dims);
    int at = from.axis(axis);
    if (from.rank() != to.rank() || !from.with(at, to.dim(at)).equals(to) || to.size() != index.length) {
      throw new ShapeException("gather along axis " + at + ": " + index.length + " indices of shape " + to + " do not fit "
          + from + "; sizes must be equal but for that axis");
    }
    int inner = from.product(at + 1, from.rank());
    int[] rows = new int[index.length];
    for (int i = 0; i < rows.length; i++) {
      int outer = i / inner / to.dim(at);
      rows[i] = (outer * from.dim(at) + checked("gather", index[i], from.dim(at), from, at)) * inner + i % inner;
    }
    return ShapeOps.reshape(rows(ShapeOps.reshape(x, -1, 1), rows), dims);
  }

  private static int checked(String op, int index, int length, Shape shape, int axis) {
    if (index < 0 || index >= length) {
      throw new ShapeException(op + ": index " + index + " on axis " + axis + " of " + shape);
    }
    return index;
  }
}
