package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.loops.MatMulLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Products whose sums are short: what comes back from a thin adapter, and the gradient of what goes into one.
 *
 * <p>Implementation note. So few numbers are used for each element of C that packing A or passing the sums through a scratch
 * tile would take longer than the product. Only B, which is small, is packed, scaled on the way; tiles read A by its rows where
 * they lie and start from C. At the edges of C the same tile works on copies, so that an element has the same bits anywhere.
 */
final class ShallowProduct {
  /** Multiply-adds that a thread does at a time. */
  private static final int GRAIN = 1 << 18;
  private static final int LEFT = 13;
  private static final int TILE = 15;

  private final MatMulLoops loops;
  private final ProductEpilogue epilogue;
  private final PanelStore store;
  private final PanelPacking packing;

  ShallowProduct(MatMulLoops loops, ProductEpilogue epilogue, PanelStore store) {
    this.loops = loops;
    this.epilogue = epilogue;
    this.store = store;
    packing = new PanelPacking(loops);
  }

  /** C = A · op(B). */
  void run(Product product) {
    int k = product.k();
    int width = loops.tileColumns();
    int strips = (product.n() + width - 1) / width;
    int height = loops.productRows();
    PanelStore.Panels panels = store.take();
    try {
      float[] b = panels.right(strips * width * k);
      for (int j = 0; j < strips; j++) {
        packing.right(product, j * width, Math.min(width, product.n() - j * width), 0, k, b, j * width * k);
      }
      PanelPacking.scale(product.epilogue().scale(), b, 0, strips * width * k);
      int grain = Math.max(1, GRAIN / (strips * width * Math.max(1, k)) / height) * height;
      Workers.ranges(product.m(), grain, (from, to) -> {
        for (int row = from; row < to; row += height) {
          rows(product, b, strips, row, Math.min(height, to - row));
        }
        epilogue.finish(product, from, to, 0, product.n());
      });
    } finally {
      store.give(panels);
    }
  }

  /** A row of tiles. */
  private void rows(Product product, float[] b, int strips, int row, int count) {
    int k = product.k();
    int width = loops.tileColumns();
    float[] a = product.a();
    int ai = product.aIndex(row, 0);
    int lda = product.lda();
    boolean whole = count == loops.productRows();
    if (!whole) {
      float[] copy = Scratch.floats(LEFT, loops.productRows() * k);
      Arrays.fill(copy, 0, loops.productRows() * k, 0);
      for (int i = 0; i < count; i++) {
        System.arraycopy(a, ai + i * lda, copy, i * k, k);
      }
      a = copy;
      ai = 0;
      lda = k;
    }
    for (int j = 0; j < strips; j++) {
      int columns = Math.min(width, product.n() - j * width);
      int ci = product.ci() + row * product.n() + j * width;
      if (whole && columns == width) {
        loops.rowProduct(k, a, ai, lda, b, j * width * k, width, product.accumulate(), product.c(), ci, product.n());
      } else {
        edge(product, a, ai, lda, b, j * width * k, count, columns, ci);
      }
    }
  }

  private void edge(Product product, float[] a, int ai, int lda, float[] b, int bi, int rows, int columns, int ci) {
    int width = loops.tileColumns();
    float[] tile = Scratch.floats(TILE, loops.productRows() * width);
    for (int i = 0; i < rows && product.accumulate(); i++) {
      System.arraycopy(product.c(), ci + i * product.n(), tile, i * width, columns);
    }
    loops.rowProduct(product.k(), a, ai, lda, b, bi, width, product.accumulate(), tile, 0, width);
    for (int i = 0; i < rows; i++) {
      System.arraycopy(tile, i * width, product.c(), ci + i * product.n(), columns);
    }
  }
}
