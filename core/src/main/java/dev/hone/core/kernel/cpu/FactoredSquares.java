package dev.hone.core.kernel.cpu;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;

/** Adafactor's means of squares: of a matrix those of rows and columns, summed in float64, else those of the elements. */
public final class FactoredSquares {
  private static final int GRAIN = 1 << 14;

  private FactoredSquares() {}

  /** Checks the operands of {@code OptimizerKernels.factored}. */
  public static void check(Tensor gradient, Tensor row, Tensor column, Tensor u) {
    Operands.same("factored", "gradient", gradient, "u", u);
    if ((column == null) != gradient.shape().rank() < 2) {
      throw new ShapeException("factored: gradient is " + gradient.shape() + ", column " + (column == null ? "is absent"
          : column.shape() + " is there") + "; it is for two axes and more");
    }
    Operands.size("factored", "row", row, column == null ? gradient.size() : gradient.shape().rows(), "one per row");
    Operands.size("factored", "column", column, column == null ? 0 : gradient.shape().columns(), "one per column");
  }

  /** Of a vector. */
  static void elements(Tensor gradient, float scale, double share, double floor, double least, Tensor mean, Tensor u) {
    float[] g = gradient.array();
    int gi = gradient.offset();
    float[] all = mean.array();
    int ai = mean.offset();
    float[] out = u.array();
    int ui = u.offset();
    int n = gradient.shape().length();
    for (int i = 0; i < n; i++) {
      double x = scale * g[gi + i];
      all[ai + i] += (float) (share * (x * x + floor - all[ai + i]));
    }
    for (int i = 0; i < n; i++) {
      out[ui + i] = (float) (scale * g[gi + i] / Math.sqrt(Math.max(least, all[ai + i])));
    }
  }

  /** Of a matrix. */
  static void matrix(Tensor gradient, float scale, double share, double floor, double leastMean, double least, Tensor row,
      Tensor column, Tensor u) {
    float[] g = gradient.array();
    int gi = gradient.offset();
    float[] rowMeans = row.array();
    int ri = row.offset();
    float[] columnMeans = column.array();
    int ci = column.offset();
    int rows = gradient.shape().rows();
    int columns = gradient.shape().columns();
    double[] columnSums = new double[columns];
    double rowSum = 0;
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      int start = gi + r * columns;
      for (int c = 0; c < columns; c++) {
        double x = scale * g[start + c];
        double square = x * x + floor;
        sum += square;
        columnSums[c] += square;
      }
      rowMeans[ri + r] += (float) (share * (sum / columns - rowMeans[ri + r]));
      rowSum += rowMeans[ri + r];
    }
    for (int c = 0; c < columns; c++) {
      columnMeans[ci + c] += (float) (share * (columnSums[c] / rows - columnMeans[ci + c]));
    }
    double divisor = Math.max(leastMean, rowSum / rows);
    float[] out = u.array();
    int ui = u.offset();
    Workers.ranges(rows, Math.max(1, GRAIN / columns), (from, to) -> {
      for (int r = from; r < to; r++) {
        double factor = rowMeans[ri + r] / divisor;
        for (int c = 0; c < columns; c++) {
          int i = r * columns + c;
          out[ui + i] = (float) (scale * g[gi + i] / Math.sqrt(Math.max(least, factor * columnMeans[ci + c])));
        }
      }
    });
  }
}
