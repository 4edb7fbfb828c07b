package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.loops.MatMulLoops;
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
    if (product.epilogue().scale() != 1) {
      PanelStore.Panels panels = store.take();
      try {
        int length = product.m() * product.k();
        float[] scaled = panels.left(length);
        for (int i = 0; i < length; i++) {
          scaled[i] = product.epilogue().scale() * product.a()[product.aIndex(i / product.k(), i % product.k())];
        }
        fewRows(product, scaled, 0, product.k(), 1);
      } finally {
        store.give(panels);
      }
    } else {
      fewRows(product, product.a(), product.ai(), product.transA() ? 1 : product.lda(), product.transA() ? product.lda() : 1);
    }
  }

  private void fewRows(Product product, float[] weights, int wi, int rowStep, int step) {
    int rows = product.m();
    Workers.ranges(product.n(), width(product.n()), (from, to) -> {
      int n = to - from;
      float[] sums = Scratch.floats(SUMS, rows * n);
      begin(product, sums, n, from);
      sumRows(rows, product.k(), weights, wi, rowStep, step, product.b(), from, to, sums);
      loops.store(sums, n, rows, n, 1, false, product.c(), product.ci() + from, product.n());
      epilogue.finish(product, 0, rows, from, to);
    });
  }

  /** C = Aᵀ · B with few columns of C: the same for its transpose, whose large operand is A. */
  void fewColumns(Product product, float[] b, int bi) {
    int rows = product.n();
    Workers.ranges(product.m(), width(product.m()), (from, to) -> {
      int n = to - from;
      float[] sums = Scratch.floats(SUMS, rows * n);
      beginTurned(product, sums, n, from);
      sumRows(rows, product.k(), b, bi, 1, rows, product.left(), from, to, sums);
      storeTurned(product, sums, n, from);
      epilogue.finish(product, from, to, 0, rows);
    });
  }

  /** C = A · B with one row of C. */
  void oneRow(Product product) {
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
      loops.store(sums, n, 1, n, product.epilogue().scale(), product.accumulate(), product.c(), product.ci(), n);
      epilogue.finish(product, 0, 1, 0, n);
    } finally {
      store.give(panels);
    }
  }

  /** Adds the {@code end} rows of the large operand, from one column to another, to the sums of every row. */
  private void sumRows(int rows, int end, float[] weights, int wi, int rowStep, int step, MatrixSource large, int from, int to,
      float[] sums) {
    int n = to - from;
    int k = 0;
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
        loops.addRows(weights, wi + i * rowStep + k * step, step, array, at, stride, n, sums, i * n);
      }
    }
    lastRows(rows, k, end, weights, wi, rowStep, step, large, from, n, sums, 0);
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

  /** Sums go on from C, or begin with 0. */
  private static void begin(Product product, float[] sums, int n, int column) {
    for (int i = 0; i < product.m(); i++) {
      if (product.accumulate()) {
        System.arraycopy(product.c(), product.ci() + i * product.n() + column, sums, i * n, n);
      } else {
        Arrays.fill(sums, i * n, (i + 1) * n, 0);
      }
    }
  }

  private static void beginTurned(Product product, float[] sums, int n, int row) {
    if (!product.accumulate()) {
      Arrays.fill(sums, 0, product.n() * n, 0);
      return;
    }
    for (int i = 0; i < n; i++) {
      int ci = product.ci() + (row + i) * product.n();
      for (int j = 0; j < product.n(); j++) {
        sums[j * n + i] = product.c()[ci + j];
      }
    }
  }

  private static void storeTurned(Product product, float[] sums, int n, int row) {
    for (int i = 0; i < n; i++) {
      int ci = product.ci() + (row + i) * product.n();
      for (int j = 0; j < product.n(); j++) {
        product.c()[ci + j] = sums[j * n + i];
      }
    }
  }
}
