package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.loops.MatMulLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Products of few rows with a weight stored [N, K]: a short batch. Computed as Cᵀ = B · Aᵀ, so that the small operand is
 * packed and the large one is read once, by its rows where they lie.
 *
 * <p>Implementation note. An element is summed as {@link PackedProduct} does it, in order and on from C, so that a row has the
 * same bits however many rows there are.
 */
final class FewRowsProduct {
  /** Multiply-adds that a thread does at a time. */
  private static final int GRAIN = 1 << 19;
  /** Numbers of a row that are widened at a time: long enough for memory to be read in order, and in the second-level cache. */
  private static final int STRETCH = 8192;
  /** Numbers between two widened rows, whose distance would else be a power of two. */
  private static final int GAP = 16;
  private static final int ROWS = 13;
  private static final int SUMS = 15;

  private final MatMulLoops loops;
  private final ProductEpilogue epilogue;
  private final PanelStore store;

  FewRowsProduct(MatMulLoops loops, ProductEpilogue epilogue, PanelStore store) {
    this.loops = loops;
    this.epilogue = epilogue;
    this.store = store;
  }

  /** C = A · Bᵀ. */
  void run(Product product) {
    int width = (product.m() + loops.lanes() - 1) / loops.lanes() * loops.lanes();
    int height = loops.productRows();
    PanelStore.Panels panels = store.take();
    try {
      float[] right = panels.right(width * product.k());
      loops.packAcross(product.a(), product.ai(), product.lda(), product.k(), width, product.m(), right, 0);
      PanelPacking.scale(product.epilogue().scale(), right, 0, width * product.k());
      int grain = Math.max(1, GRAIN / (width * product.k()) / height) * height;
      Workers.ranges(product.n(), grain, (from, to) -> {
        for (int column = from; column < to; column += height) {
          columns(product, column, Math.min(height, to - column), right, width);
        }
        epilogue.finish(product, 0, product.m(), from, to);
      });
    } finally {
      store.give(panels);
    }
  }

  /** The columns of C that belong to {@code count} rows of B. */
  private void columns(Product product, int column, int count, float[] right, int width) {
    int height = loops.productRows();
    int pieces = PackedProduct.depths(product.k());
    MatrixSource source = product.b();
    boolean inPlace = source.array() != null && count == height;
    int at = source.offset() + column * product.k();
    float[] sums = Scratch.floats(SUMS, height * width);
    Arrays.fill(sums, 0, height * width, 0);
    if (product.accumulate()) {
      for (int i = 0; i < count; i++) {
        turn(product.c(), product.ci() + column + i, product.n(), product.m(), sums, i * width, 1);
      }
    }
    int stretch = pieces * Math.max(1, STRETCH / pieces);
    for (int from = 0; from < product.k(); from += stretch) {
      int end = Math.min(product.k(), from + stretch);
      int stride = inPlace ? product.k() : end - from + GAP;
      int first = inPlace ? at + from : 0;
      float[] rows = inPlace ? source.array() : copy(source, column, count, from, end - from, stride);
      for (int depth = from; depth < end; depth += pieces) {
        int length = Math.min(pieces, end - depth);
        loops.rowProduct(length, rows, first + depth - from, stride, right, depth * width, width, true, sums, 0, width);
      }
    }
    for (int i = 0; i < count; i++) {
      turn(sums, i * width, 1, product.m(), product.c(), product.ci() + column + i, product.n());
    }
  }

  private float[] copy(MatrixSource source, int row, int count, int depth, int length, int stride) {
    float[] copy = Scratch.floats(ROWS, loops.productRows() * stride);
    for (int i = 0; i < count; i++) {
      source.read(row + i, depth, length, copy, i * stride);
    }
    Arrays.fill(copy, count * stride, loops.productRows() * stride, 0);
    return copy;
  }

  private static void turn(float[] x, int xi, int step, int n, float[] y, int yi, int stride) {
    for (int j = 0; j < n; j++) {
      y[yi + j * stride] = x[xi + j * step];
    }
  }
}
