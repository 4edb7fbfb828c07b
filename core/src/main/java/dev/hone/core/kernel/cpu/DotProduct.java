package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.loops.MatMulLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Products whose operands both lie with k along their rows, one of them with few rows: every element of C is a dot product of
 * two rows. The large operand is read once, as it is stored, and nothing of it is packed. This is one token to some dozens
 * against a weight, and many tokens against a thin adapter.
 *
 * <p>Implementation note. The few rows (q) are copied so that their number is a multiple of what the loop takes. A block of
 * rows of the large operand (p) and a stretch of k stay in the first-level cache while all rows of q pass; what is not in
 * a Java array is widened to there, stretch by stretch.
 */
final class DotProduct {
  /** Rows of p in the first-level cache at a time. */
  private static final int BLOCK = 8;
  /** Stretch of k in the first-level cache at a time. */
  private static final int STRETCH = 1024;
  /** Numbers of a stretch where q passes each row of p just once: a long stretch reads memory in order. */
  private static final int LONG_STRETCH = 2048;
  /** Elements of p that a thread does at a time. */
  private static final int GRAIN = 1 << 16;
  private static final int PARTIAL = 13;
  private static final int WIDENED = 14;
  private static final int SUMS = 15;

  private final MatMulLoops loops;
  private final ProductEpilogue epilogue;
  private final PanelStore store;

  DotProduct(MatMulLoops loops, ProductEpilogue epilogue, PanelStore store) {
    this.loops = loops;
    this.epilogue = epilogue;
    this.store = store;
  }

  /** C = A · Bᵀ with few rows of A: p is B. Any layout of A. */
  void fewRows(Product product) {
    int k = product.k();
    if (product.m() == 1) {
      one(product, product.b(), product.n(), product.a(), product.ai());
      return;
    }
    PanelStore.Panels panels = store.take();
    try {
      float[] q = panels.left(padded(product.m()) * k);
      for (int row = 0; row < product.m(); row++) {
        if (product.transA()) {
          for (int i = 0; i < k; i++) {
            q[row * k + i] = product.a()[product.aIndex(row, i)];
          }
        } else {
          System.arraycopy(product.a(), product.aIndex(row, 0), q, row * k, k);
        }
      }
      Arrays.fill(q, product.m() * k, padded(product.m()) * k, 0);
      run(product, product.b(), product.n(), q, product.m(), true);
    } finally {
      store.give(panels);
    }
  }

  /** C = A · op(B) with few columns of C and rows of A in place: p is A. Any layout of B. */
  void fewColumns(Product product) {
    int k = product.k();
    MatrixSource b = product.b();
    if (product.n() == 1 && b.array() != null) {
      one(product, product.left(), product.m(), b.array(), b.offset());
      return;
    }
    PanelStore.Panels panels = store.take();
    try {
      float[] q = panels.right(padded(product.n()) * k);
      if (product.transB()) {
        for (int row = 0; row < product.n(); row++) {
          b.read(row, 0, k, q, row * k);
        }
      } else {
        float[] line = panels.left(product.n());
        for (int i = 0; i < k; i++) {
          b.read(i, 0, product.n(), line, 0);
          for (int row = 0; row < product.n(); row++) {
            q[row * k + i] = line[row];
          }
        }
      }
      Arrays.fill(q, product.n() * k, padded(product.n()) * k, 0);
      run(product, product.left(), product.m(), q, product.n(), false);
    } finally {
      store.give(panels);
    }
  }

  /** C is one row or one column, whose elements lie side by side like those of x either way. */
  private void one(Product product, MatrixSource p, int rows, float[] x, int xi) {
    Workers.ranges(rows, grain(product), (from, to) -> {
      float[] sums = Scratch.floats(SUMS, to - from + MatMulLoops.ONE_ROWS);
      p.dots(loops, from, to, x, xi, sums);
      storeRow(sums, 0, to - from, product.epilogue().scale(), product.accumulate(), product.c(), product.ci() + from);
      if (product.m() == 1) {
        epilogue.finish(product, 0, 1, from, to);
      } else {
        epilogue.finish(product, from, to, 0, 1);
      }
    });
  }

  private static int grain(Product product) {
    return Math.max(1, GRAIN / Math.max(1, product.k()) / BLOCK) * BLOCK;
  }

  private void run(Product product, MatrixSource p, int rows, float[] q, int few, boolean turned) {
    int grain = grain(product);
    int width = padded(few);
    boolean once = width == MatMulLoops.DOT_COLUMNS;
    int block = once ? MatMulLoops.DOT_ROWS : BLOCK;
    int stretch = once ? LONG_STRETCH : STRETCH;
    Workers.ranges(rows, grain, (from, to) -> {
      for (int row = from; row < to; row += block) {
        int rowEnd = Math.min(to, row + block);
        float[] sums = sums(p, row, rowEnd, q, width, block, stretch);
        store(product, sums, row, rowEnd, few, width, turned);
      }
      if (turned) {
        epilogue.finish(product, 0, few, from, to);
      } else {
        epilogue.finish(product, from, to, 0, few);
      }
    });
  }

  /** Sums of some rows of p with all rows of q, {@code width} for each row of p. */
  private float[] sums(MatrixSource p, int row, int rowEnd, float[] q, int width, int block, int stretch) {
    int k = p.columns();
    int lanes = loops.lanes();
    int room = (block * width + lanes - 1) / lanes * lanes;
    float[] partial = Scratch.floats(PARTIAL, room * lanes);
    Arrays.fill(partial, 0, room * lanes, 0);
    for (int from = 0; from < k; from += stretch) {
      int length = Math.min(stretch, k - from);
      float[] array = p.array();
      int at = p.offset() + row * k + from;
      int stride = k;
      if (array == null) {
        array = Scratch.floats(WIDENED, BLOCK * STRETCH);
        for (int i = row; i < rowEnd; i++) {
          p.read(i, from, length, array, (i - row) * length);
        }
        at = 0;
        stride = length;
      }
      stretch(array, at, stride, rowEnd - row, q, from, k, width, length, partial);
    }
    float[] sums = Scratch.floats(SUMS, room);
    loops.foldDots(partial, (rowEnd - row) * width, sums);
    return sums;
  }

  private static void store(Product product, float[] sums, int row, int rowEnd, int few, int width, boolean turned) {
    float scale = product.epilogue().scale();
    if (turned) {
      storeTurned(sums, rowEnd - row, few, width, scale, product.accumulate(), product.c(), product.ci() + row, product.n());
      return;
    }
    for (int i = row; i < rowEnd; i++) {
      storeRow(sums, (i - row) * width, few, scale, product.accumulate(), product.c(), product.ci() + i * product.n());
    }
  }

  private void stretch(float[] p, int pi, int ldp, int rows, float[] q, int qi, int ldq, int width, int length, float[] sums) {
    for (int j = 0; j < width; j += MatMulLoops.DOT_COLUMNS) {
      for (int i = 0; i < rows; i += MatMulLoops.DOT_ROWS) {
        int last = Math.min(i + MatMulLoops.DOT_ROWS, rows) - 1; // beyond it the last row is taken again; there is room for it
        int p1 = pi + Math.min(i + 1, last) * ldp;
        int p2 = pi + Math.min(i + 2, last) * ldp;
        loops.dots(length, p, pi + i * ldp, p1, p2, pi + last * ldp, q, qi + j * ldq, ldq, sums, i * width + j, width);
      }
    }
  }

  private static void storeRow(float[] sums, int si, int n, float scale, boolean add, float[] c, int ci) {
    for (int j = 0; j < n; j++) {
      float value = scale * sums[si + j];
      c[ci + j] = add ? c[ci + j] + value : value;
    }
  }

  private static void storeTurned(float[] sums, int rows, int few, int width, float scale, boolean add, float[] c, int ci,
      int ldc) {
    for (int j = 0; j < few; j++) {
      for (int i = 0; i < rows; i++) {
        float value = scale * sums[i * width + j];
        int at = ci + j * ldc + i;
        c[at] = add ? c[at] + value : value;
      }
    }
  }

  private static int padded(int rows) {
    return (rows + MatMulLoops.DOT_COLUMNS - 1) / MatMulLoops.DOT_COLUMNS * MatMulLoops.DOT_COLUMNS;
  }
}
