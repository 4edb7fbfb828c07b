package dev.hone.train.optim;

import dev.hone.core.HostArray;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.parallel.Workers;

/**
 * Adafactor's mean of squared gradients (Shazeer and Stern 2018): of a matrix only the means of rows and columns are kept,
 * their product over the mean of all stands for the elements. Leading axes count as rows.
 */
final class FactoredSquares {
  private final float[] row;
  private final float[] column;
  private final float[] all;
  private final int columns;
  private final double rowMean;

  /**
   * Takes in the gradient of this step: mean = (1 - share) · mean + share · (g² + floor).
   */
  FactoredSquares(ParameterState state, Tensor gradient, double share, double floor, float scale) {
    Shape shape = state.parameter().shape();
    HostArray host = gradient.onHost(HostArray.Access.READ);
    float[] g = host.array();
    int gi = host.offset();
    if (shape.rank() < 2) {
      columns = 0;
      row = null;
      column = null;
      rowMean = 0;
      all = state.numbers("exp_avg_sq");
      for (int i = 0; i < all.length; i++) {
        double x = scale * g[gi + i];
        all[i] += (float) (share * (x * x + floor - all[i]));
      }
      return;
    }
    all = null;
    columns = shape.columns();
    int rows = shape.rows();
    row = state.numbers("exp_avg_sq_row", 0, Shape.of(rows));
    column = state.numbers("exp_avg_sq_col", 0, Shape.of(columns));
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
      row[r] += (float) (share * (sum / columns - row[r]));
      rowSum += row[r];
    }
    for (int c = 0; c < columns; c++) {
      column[c] += (float) (share * (columnSums[c] / rows - column[c]));
    }
    rowMean = rowSum / rows;
  }

  /**
   * u = scale · g / √estimate, with the estimate at least {@code least} and the mean of all, which divides the factors, at
   * least {@code leastMean}.
   */
  void normalise(Tensor gradient, float scale, double leastMean, double least, Tensor u) {
    try (HostArray slopes = gradient.onHost(HostArray.Access.READ); HostArray result = u.onHost(HostArray.Access.WRITE)) {
      float[] g = slopes.array();
      int gi = slopes.offset();
      float[] out = result.array();
      int ui = result.offset();
      if (all == null) {
        normaliseMatrix(g, gi, scale, Math.max(leastMean, rowMean), least, out, ui);
        return;
      }
      for (int i = 0; i < all.length; i++) {
        out[ui + i] = (float) (scale * g[gi + i] / Math.sqrt(Math.max(least, all[i])));
      }
    }
  }

  private void normaliseMatrix(float[] g, int gi, float scale, double divisor, double least, float[] out, int ui) {
    Workers.ranges(row.length, Math.max(1, (1 << 14) / columns), (from, to) -> {
      for (int r = from; r < to; r++) {
        double factor = row[r] / divisor;
        for (int c = 0; c < columns; c++) {
          int i = r * columns + c;
          out[ui + i] = (float) (scale * g[gi + i] / Math.sqrt(Math.max(least, factor * column[c])));
        }
      }
    });
  }

  /** √(mean of squares). */
  static double rms(Tensor x) {
    return Math.sqrt(Kernels.of(x).reduce().sumOfSquares(x) / x.size());
  }
}
