package dev.hone.core.kernel.cpu;

import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;

/**
 * Products of large matrices: both operands are packed into panels, then register tiles run over the panels.
 *
 * <p>Implementation note. C is cut into blocks of at most {@link #ROWS} x {@link #COLUMNS} and the sum into pieces of at most
 * {@link #DEPTH}. For each, the threads first pack the strips of A and B into arrays that all of them read, then compute
 * tiles from there. Packing costs one pass over the operands; in return every access of the tiles is to consecutive memory,
 * strides that are powers of two do no harm, and stored types are widened once. A panel of B stays in the first-level
 * cache for a column of tiles, the panels of A for such a column stay in the second-level cache; what is packed at a time
 * fits the third. An element is the sum over the pieces in order: neither threads nor blocks change its bits.
 */
final class PackedProduct {
  /** Rows of A packed at a time. */
  private static final int ROWS = 2304;
  /** Columns of B packed at a time. */
  private static final int COLUMNS = 2048;
  /** Depth of the panels. */
  private static final int DEPTH = 384;
  /** Rows of the part of C that one thread computes at a time. */
  private static final int PART_ROWS = 288;
  /** Tiles across such a part, at most. */
  private static final int PART_COLUMNS = 8;
  /** Multiply-adds below which a product is not worth a second thread. */
  private static final long SMALL = 1 << 17;
  private static final int SUMS = 15;

  private final MatMulLoops loops;
  private final ProductEpilogue epilogue;
  private final PanelStore store;
  private final PanelPacking packing;

  PackedProduct(MatMulLoops loops, ProductEpilogue epilogue, PanelStore store) {
    this.loops = loops;
    this.epilogue = epilogue;
    this.store = store;
    packing = new PanelPacking(loops);
  }

  void run(Product product) {
    PanelStore.Panels panels = store.take();
    try {
      int columns = piece(product.n(), COLUMNS, loops.tileColumns());
      int rows = piece(product.m(), ROWS, loops.tileRows());
      int depths = piece(product.k(), DEPTH, 16);
      for (int column = 0; column < product.n(); column += columns) {
        int columnEnd = Math.min(product.n(), column + columns);
        for (int row = 0; row < product.m(); row += rows) {
          int rowEnd = Math.min(product.m(), row + rows);
          int depth = 0;
          do { // once even for an empty sum, which leaves zeros
            int depthEnd = Math.min(product.k(), depth + depths);
            new Block(product, panels, row, rowEnd, column, columnEnd, depth, depthEnd).run();
            depth = depthEnd;
          } while (depth < product.k());
        }
      }
    } finally {
      store.give(panels);
    }
  }

  /** A large block of C, and the piece of the sum that is packed for it. */
  private final class Block {
    private final Product product;
    private final int row;
    private final int rowEnd;
    private final int column;
    private final int columnEnd;
    private final int depth;
    private final int depthEnd;
    private final int tileRows = loops.tileRows();
    private final int tileColumns = loops.tileColumns();
    private final int rowTiles;
    private final int columnTiles;
    private final float[] a;
    private final float[] b;

    Block(Product product, PanelStore.Panels panels, int row, int rowEnd, int column, int columnEnd, int depth,
        int depthEnd) {
      this.product = product;
      this.row = row;
      this.rowEnd = rowEnd;
      this.column = column;
      this.columnEnd = columnEnd;
      this.depth = depth;
      this.depthEnd = depthEnd;
      rowTiles = tiles(rowEnd - row, tileRows);
      columnTiles = tiles(columnEnd - column, tileColumns);
      a = panels.left(rowTiles * tileRows * (depthEnd - depth));
      b = panels.right(columnTiles * tileColumns * (depthEnd - depth));
    }

    void run() {
      int length = depthEnd - depth;
      if ((long) (rowEnd - row) * (columnEnd - column) * Math.max(1, length) < SMALL) {
        for (int i = 0; i < rowTiles; i++) {
          packLeft(i);
        }
        for (int j = 0; j < columnTiles; j++) {
          packRight(j);
        }
        compute(0, rowTiles, 0, columnTiles);
        return;
      }
      Workers.run(rowTiles + columnTiles, i -> {
        if (i < columnTiles) {
          packRight(i);
        } else {
          packLeft(i - columnTiles);
        }
      });
      int partRows = piece(rowTiles, Math.max(1, PART_ROWS / tileRows), 1);
      int partsDown = tiles(rowTiles, partRows);
      int partColumns = Math.clamp(tiles(columnTiles * partsDown, 16 * Workers.threads()), 1, PART_COLUMNS);
      int partsAcross = tiles(columnTiles, partColumns);
      Workers.run(partsDown * partsAcross, part -> {
        int i = part / partsAcross * partRows;
        int j = part % partsAcross * partColumns;
        compute(i, Math.min(rowTiles, i + partRows), j, Math.min(columnTiles, j + partColumns));
      });
    }

    private void packLeft(int tile) {
      int first = row + tile * tileRows;
      int length = depthEnd - depth;
      packing.left(product, first, Math.min(tileRows, rowEnd - first), depth, length, a, tile * tileRows * length);
    }

    private void packRight(int tile) {
      int first = column + tile * tileColumns;
      int length = depthEnd - depth;
      packing.right(product, first, Math.min(tileColumns, columnEnd - first), depth, length, b, tile * tileColumns * length);
    }

    /** Tiles {@code i} to {@code iEnd} down and {@code j} to {@code jEnd} across. */
    private void compute(int i, int iEnd, int j, int jEnd) {
      for (int tj = j; tj < jEnd; tj++) {
        for (int ti = i; ti < iEnd; ti++) {
          tile(ti, tj);
        }
      }
      if (depthEnd == product.k()) {
        epilogue.finish(product, row + i * tileRows, Math.min(rowEnd, row + iEnd * tileRows), column + j * tileColumns,
            Math.min(columnEnd, column + jEnd * tileColumns));
      }
    }

    private void tile(int i, int j) {
      int length = depthEnd - depth;
      int top = row + i * tileRows;
      int left = column + j * tileColumns;
      int ci = product.ci() + top * product.n() + left;
      float[] sums = Scratch.floats(SUMS, tileRows * tileColumns);
      loops.tile(length, a, i * length * tileRows, b, j * length * tileColumns, sums);
      loops.store(sums, Math.min(tileRows, rowEnd - top), Math.min(tileColumns, columnEnd - left),
          product.epilogue().scale(), product.accumulate() || depth > 0, product.c(), ci, product.n());
    }
  }

  private static int tiles(int length, int tile) {
    return (length + tile - 1) / tile;
  }

  /** The size of equal pieces of at most {@code limit}, but for rounding up to a multiple of {@code unit}. */
  private static int piece(int length, int limit, int unit) {
    int pieces = Math.max(1, tiles(length, limit));
    return Math.max(1, tiles(tiles(length, pieces), unit)) * unit;
  }
}
