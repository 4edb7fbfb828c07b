package dev.hone.autograd;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.GatherKernels;
import dev.hone.core.kernel.Kernels;

/** Rows picked by number. */
public final class GatherOps {
  private static final GatherKernels KERNELS = Kernels.active().gather();

  private GatherOps() {}

  /** Rows of a table by token id. [V, C] -> [N, C]; a frozen table may be stored in any float type. */
  public static Variable embedding(Variable table, int[] ids) {
    return embedding(table, ids, 1);
  }

  /** The same, multiplied, as Gemma does. */
  public static Variable embedding(Variable table, int[] ids, float scale) {
    int rows = table.shape().dim(0);
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= rows) {
        throw new ShapeException("embedding: id " + ids[i] + " at position " + i + ", the table has " + rows + " rows");
      }
    }
    return rows("embedding", table, ids, scale);
  }

  /** Rows of a matrix by number; a row may be picked more than once. [M, C] -> [N, C]. */
  public static Variable rows(Variable x, int[] rows) {
    return rows("rows", x, rows, 1);
  }

  private static Variable rows(String op, Variable x, int[] rows, float scale) {
    Tensor y = Tensor.empty(rows.length, x.shape().columns());
    KERNELS.rows(x.value(), rows, scale, y);
    return Variable.of(op, y).pullbackInto(x, (up, dx, accumulate) -> {
      if (!accumulate) {
        dx.fill(0);
      }
      KERNELS.addRows(up, rows, scale, dx);
    });
  }
}
