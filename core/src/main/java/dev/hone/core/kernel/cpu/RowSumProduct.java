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
 * the first-level cache while all rows of C take them; what is not in a Java array is widened to there. For one row of C the
 * time is that of reading memory, which is quick only in order: the threads share the rows of the large operand, in blocks
 * whose sums are added up in their order.
 */
final class RowSumProduct {
  /** Columns of C that a thread does at a time, at most. */
  private static final int STRIP = 512;
  /** Elements of the large operand in a block of rows, for one row of C. */
  private static final int BLOCK = 1 << 17;
  /** Fewest rows of such a block: its sums are written and read once more. */
  private static final int BLOCK_ROWS = 48;
  private static final int WIDENED = 14;
  private static final int SUMS = 15;

  private final MatMulLoops loops;
  private final ProductEpilogue epilogue;
  private final PanelStore store;

  RowSumProduct(MatMulLoops loops, ProductEpilogue epilogue, PanelStore store) {
    this.loops = loops;
    this.epilogue = epilogue;
    this.store = store;
  }

  /** C = op(A) · B with few rows of C. */
  void fewRows(Product product) {
    if (product.m() == 1) {
      oneRow(product);
      return;
    }
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

  private void oneRow(Product product) {
    int n = product.n();
    int step = product.transA() ? product.lda() : 1;
    int least = Math.max(BLOCK_ROWS, BLOCK / n);
    int height = (least + MatMulLoops.SUM_ROWS - 1) / MatMulLoops.SUM_ROWS * MatMulLoops.SUM_ROWS;
    int blocks = (product.k() + height - 1) / height;
    PanelStore.Panels panels = store.take();
    try {
      float[] sums = panels.left(blocks * n);
      Workers.ranges(product.k(), height, (from, to) -> {
        int at = from / height * n;
        Arrays.fill(sums, at, at + n, 0);
        int k = from;
        for (; k + MatMulLoops.SUM_ROWS <= to; k += MatMulLoops.SUM_ROWS) {
          product.b().addRows(loops, k, 0, n, product.a(), product.ai() + k * step, step, sums, at);
        }
        lastRows(1, k, to, product.a(), product.ai(), 0, step, product.b(), 0, n, sums, at);
      });
      for (int block = 1; block < blocks; block++) {
        loops.add(sums, block * n, sums, 0, n);
      }
      store(product, sums, n, 0);
      epilogue.finish(product, 0, 1, 0, n);
    } finally {
      store.give(panels);
    }
  }

  /** What becomes of the finished sums of the columns {@code from} to {@code to}: as many rows of their number. */
  @FunctionalInterface
  private interface Strip {
    void store(int from, int to, float[] sums);
  }

  /** Row i of the result is the sum over k of weights[wi + i · rowStep + k · step] · row k. */
  private void run(int rows, int depth, float[] weights, int wi, int rowStep, int step, MatrixSource large, int columns,
      Strip strip) {
    Workers.ranges(columns, width(columns), (from, to) -> {
      float[] sums = Scratch.floats(SUMS, rows * (to - from));
      Arrays.fill(sums, 0, rows * (to - from), 0);
      sumRows(rows, 0, depth, weights, wi, rowStep, step, large, from, to, sums, 0);
      strip.store(from, to, sums);
    });
  }

  /** Adds the rows {@code k} to {@code end} of the large operand, from one column to another, to the sums of every row. */
  private void sumRows(int rows, int k, int end, float[] weights, int wi, int rowStep, int step, MatrixSource large, int from,
      int to, float[] sums, int si) {
    int n = to - from;
    for (; k + MatMulLoops.SUM_ROWS <= end; k += MatMulLoops.SUM_ROWS) {
      float[] array = large.array();
      int at = large.offset() + k * large.columns() + from;
      int stride = large.columns();
      if (array == null) {
        array = Scratch.floats(WIDENED, MatMulLoops.SUM_ROWS * n);
        for (int t = 0; t < MatMulLoops.SUM_ROWS; t++) {
          large.read(k + t, from, n, array, t * n);
        }
        at = 0;
        stride = n;
      }
      for (int i = 0; i < rows; i++) {
        loops.addRows(weights, wi + i * rowStep + k * step, step, array, at, stride, n, sums, si + i * n);
      }
    }
    lastRows(rows, k, end, weights, wi, rowStep, step, large, from, n, sums, si);
  }

  private void lastRows(int rows, int k, int end, float[] weights, int wi, int rowStep, int step, MatrixSource large, int from,
      int n, float[] sums, int si) {
    for (; k < end; k++) {
      float[] array = Scratch.floats(WIDENED, n);
      large.read(k, from, n, array, 0);
      for (int i = 0; i < rows; i++) {
        loops.addRow(weights[wi + i * rowStep + k * step], array, 0, n, sums, si + i * n);
      }
    }
  }

  /** Strips of equal width, several for each thread where the columns suffice. */
  private static int width(int columns) {
    int strips = Math.max((columns + STRIP - 1) / STRIP, Math.min(4 * Workers.threads(), columns / 128));
    return Math.min(STRIP, (columns / strips + 31) / 32 * 32);
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
