package dev.hone.autograd;

import dev.hone.core.Device;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.Kernels;
import java.util.Arrays;

/**
 * One row from each of several ranges of rows: what becomes of a sequence's tokens. [N, C] -> [S, C]. Range s goes from row
 * {@code from[s]} to before row {@code to[s]}; of an empty one come zeros.
 */
public final class PoolOps {
  private PoolOps() {}

  /**
   * Sums of the rows of each range, with weights.
   *
   * @param weights N, of every row of x; those outside of the ranges are not looked at
   */
  public static Variable weightedSum(Variable x, int[] from, int[] to, float[] weights) {
    requireRanges("weightedSum", x, from, to);
    if (weights.length != x.shape().dim(0)) {
      throw new ShapeException("weightedSum: " + weights.length + " weights for the rows of " + x.shape());
    }
    Tensor in = x.value();
    Tensor y = in.emptyLike(from.length, in.shape().columns()).fill(0);
    ElementwiseKernels kernels = Kernels.of(in).elementwise();
    for (int s = 0; s < from.length; s++) {
      Tensor row = y.slice(s, s + 1);
      for (int n = from[s]; n < to[s]; n++) {
        kernels.addScaled(weights[n], in.slice(n, n + 1), row);
      }
    }
    return Variable.of("weightedSum", y).pullbackInto(x, (up, dx, accumulate) -> {
      if (!accumulate) {
        dx.fill(0);
      }
      for (int s = 0; s < from.length; s++) {
        Tensor row = up.slice(s, s + 1);
        for (int n = from[s]; n < to[s]; n++) {
          kernels.addScaled(weights[n], row, dx.slice(n, n + 1));
        }
      }
    }).saves();
  }

  /** The largest number of each column in each range. The gradient goes to the first of equal ones. */
  public static Variable max(Variable x, int[] from, int[] to) {
    requireRanges("max", x, from, to);
    int columns = x.shape().columns();
    float[] in = x.value().toFloatArray();
    float[] y = new float[from.length * columns];
    int[] rows = new int[y.length];
    for (int s = 0; s < from.length; s++) {
      Arrays.fill(rows, s * columns, (s + 1) * columns, from[s]);
      for (int n = from[s]; n < to[s]; n++) {
        for (int c = 0; c < columns; c++) {
          int i = s * columns + c;
          rows[i] = in[n * columns + c] > in[rows[i] * columns + c] ? n : rows[i];
          y[i] = in[rows[i] * columns + c];
        }
      }
    }
    Device device = x.value().device();
    return Variable.of("max", Tensor.of(y, from.length, columns).to(device)).pullback(x, up -> {
      float[] dy = up.toFloatArray();
      float[] dx = new float[in.length];
      for (int s = 0; s < from.length; s++) {
        for (int c = 0; c < columns && from[s] < to[s]; c++) {
          int i = s * columns + c;
          dx[rows[i] * columns + c] += dy[i];
        }
      }
      return Tensor.of(dx, in.length / columns, columns).to(device);
    }).saves();
  }

  private static void requireRanges(String op, Variable x, int[] from, int[] to) {
    if (from.length != to.length || x.shape().rank() != 2) {
      throw new ShapeException(op + ": " + from.length + " beginnings and " + to.length + " ends of ranges of " + x.shape());
    }
    for (int s = 0; s < from.length; s++) {
      if (from[s] < 0 || to[s] < from[s] || to[s] > x.shape().dim(0)) {
        throw new ShapeException(op + ": range " + s + " goes from " + from[s] + " to " + to[s] + " in " + x.shape());
      }
    }
  }
}
