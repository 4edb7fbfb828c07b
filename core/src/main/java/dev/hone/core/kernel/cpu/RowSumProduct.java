package dev.hone.core.kernel.cpu;

import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Products with few rows of C whose right operand lies with the columns of C along its rows: every row of C is a weighted sum
 * of those rows. The large operand is read once, as it is stored, and nothing of it is packed. This is one token to some
 * against a weight stored [K, N], and the gradient of a thin adapter, summed over the tokens.
 *
 * <p>Implementation note. The threads share the columns. Some rows of the large operand, cut to the width of a strip, stay in
 * the first-level cache while all rows of C take them; what is not in a Java array is widened to there.
 */
final class RowSumProduct {
  /** Columns of C that a thread does at a time, at most. */
  private static final int STRIP = 512;
  /** The same for one row of C: wide strips read memory in order. */
  private static final int ONE_STRIP = 4096;
  private static final int WIDENED = 14;
  private static final int SUMS = 15;

  private final MatMulLoops loops;
  private final ProductEpilogue epilogue;

  RowSumProduct(MatMulLoops loops, ProductEpilogue epilogue) {
    this.loops = loops;
    this.epilogue = epilogue;
  }

  /** C = op(A) · B with few rows of C. */
  void fewRows(Product product) {
    int step = product.transA() ? product.lda() : 1;
    run(product.m(), product.k(), product.a(), product.ai(), product.transA() ? 1 : product.lda(), step, product.b(),
        product.n(), (from, to, sums) -> {
          store(product, sums, to - from, from);
          epilogue.finish(product, 0, product.m(), from, to);
        });
  }

  /** C = Aᵀ · B with few columns of C: the same for its transpose, whose large operand is A. */
  void fewColumns(Product product, float[] b, int bi) {
    run(product.n(), product.k(), b, bi, 1, product.n(), product.left(), product.m(), (from, to, sums) -> {
      storeTurned(product, sums, to - from, from);
      epilogue.finish(product, from, to, 0, product.n());
    });
  }

  /** What becomes of the finished sums of the columns {@code from} to {@code to}: as many rows of their number. */
  @FunctionalInterface
  private interface Strip {
    void store(int from, int to, float[] sums);
  }

  /** Row i of the result is the sum over k of weights[wi + i · rowStep + k · step] · row k. */
  private void run(int rows, int depth, float[] weights, int wi, int rowStep, int step, MatrixSource large, int columns,
      Strip strip) {
    int width = width(columns, rows == 1 ? ONE_STRIP : STRIP);
    Workers.ranges(columns, width, (from, to) -> {
      int n = to - from;
      float[] sums = Scratch.floats(SUMS, rows * n);
      Arrays.fill(sums, 0, rows * n, 0);
      int k = 0;
      for (; k + MatMulLoops.SUM_ROWS <= depth; k += MatMulLoops.SUM_ROWS) {
        float[] array = large.array();
        int at = large.offset() + k * large.columns() + from;
        int stride = large.columns();
        if (array == null) {
          array = Scratch.floats(WIDENED, MatMulLoops.SUM_ROWS * width);
          for (int t = 0; t < MatMulLoops.SUM_ROWS; t++) {
            large.read(k + t, from, n, array, t * n);
          }
          at = 0;
          stride = n;
        }
        for (int i = 0; i < rows; i++) {
          loops.addRows(weights, wi + i * rowStep + k * step, step, array, at, stride, n, sums, i * n);
        }
      }
      for (; k < depth; k++) {
        float[] array = Scratch.floats(WIDENED, MatMulLoops.SUM_ROWS * width);
        large.read(k, from, n, array, 0);
        for (int i = 0; i < rows; i++) {
          loops.addRow(weights[wi + i * rowStep + k * step], array, 0, n, sums, i * n);
        }
      }
      strip.store(from, to, sums);
    });
  }

  /** Strips of equal width, several for each thread where the columns suffice. */
  private static int width(int columns, int most) {
    int strips = Math.max((columns + most - 1) / most, Math.min(4 * Workers.threads(), columns / 128));
    return Math.min(most, (columns / strips + 31) / 32 * 32);
  }

  private static void store(Product product, float[] sums, int n, int column) {
    float scale = product.epilogue().scale();
    for (int i = 0; i < product.m(); i++) {
      storeRow(sums, i * n, n, scale, product.accumulate(), product.c(), product.ci() + i * product.n() + column);
    }
  }

  private static void storeRow(float[] sums, int si, int n, float scale, boolean add, float[] c, int ci) {
    for (int j = 0; j < n; j++) {
      float value = scale * sums[si + j];
      c[ci + j] = add ? c[ci + j] + value : value;
    }
  }

  private static void storeTurned(Product product, float[] sums, int n, int row) {
    for (int i = 0; i < n; i++) {
      int ci = product.ci() + (row + i) * product.n();
      storeColumn(sums, i, n, product.n(), product.epilogue().scale(), product.accumulate(), product.c(), ci);
    }
  }

  private static void storeColumn(float[] sums, int si, int step, int n, float scale, boolean add, float[] c, int ci) {
    for (int j = 0; j < n; j++) {
      float value = scale * sums[si + j * step];
      c[ci + j] = add ? c[ci + j] + value : value;
    }
  }
}
