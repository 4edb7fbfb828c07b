package dev.hone.core.kernel.cpu;

import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Products of large matrices: both operands are packed into panels, then register tiles run over the panels.
 *
 * <p>Implementation note. C is cut into blocks of at most {@link #ROWS} x {@link #COLUMNS} and the sum into pieces of at most
 * {@link #DEPTH}. For each, the threads first pack the strips of A and B into arrays that all of them read, then compute
 * tiles from there. Packing costs one pass over the operands; in return every access of the tiles is to consecutive memory,
 * strides that are powers of two do no harm, and stored types are widened once. A panel of B stays in the first-level
 * cache for a column of tiles, the panels of A for such a column stay in the second-level cache; what is packed at a time
 * fits the third. If few rows of A are to be multiplied, each thread packs a strip of B just before it uses it.
 *
 * <p>An element is the sum over the pieces in order: neither threads nor blocks nor other rows change its bits. With A stored
 * [K, M] the sum is one over the rows of a batch, and goes on from C product by product: cutting a batch changes no bit.
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
  private static final int PANEL = 13;
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
      int depths = depths(product.k());
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
    private final int partRows;
    private final int partsDown;
    private final float[] a;
    private final float[] b; // null if each part packs its own strips

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
      partRows = piece(rowTiles, Math.max(1, PART_ROWS / tileRows), 1);
      partsDown = tiles(rowTiles, partRows);
      a = panels.left(rowTiles * panelSize(tileRows));
      b = partsDown > 1 ? panels.right(columnTiles * panelSize(tileColumns)) : null;
    }

    private int panelSize(int width) {
      return width * (depthEnd - depth);
    }

    void run() {
      if ((long) (rowEnd - row) * (columnEnd - column) * Math.max(1, depthEnd - depth) < SMALL) {
        for (int i = 0; i < panels(); i++) {
          pack(i);
        }
        compute(0, rowTiles, 0, columnTiles);
        return;
      }
      Workers.run(panels(), this::pack);
      int partColumns = Math.clamp(tiles(columnTiles * partsDown, 16 * Workers.threads()), 1, PART_COLUMNS);
      int partsAcross = tiles(columnTiles, partColumns);
      Workers.run(partsDown * partsAcross, part -> {
        int i = part / partsAcross * partRows;
        int j = part % partsAcross * partColumns;
        compute(i, Math.min(rowTiles, i + partRows), j, Math.min(columnTiles, j + partColumns));
      });
    }

    /** Panels that all parts read. */
    private int panels() {
      return rowTiles + (b == null ? 0 : columnTiles);
    }

    private void pack(int i) {
      if (i < rowTiles) {
        int first = row + i * tileRows;
        packing.left(product, first, Math.min(tileRows, rowEnd - first), depth, depthEnd - depth, a, i * panelSize(tileRows));
      } else {
        packRight(i - rowTiles, b, (i - rowTiles) * panelSize(tileColumns));
      }
    }

    private void packRight(int tile, float[] panel, int at) {
      int first = column + tile * tileColumns;
      packing.right(product, first, Math.min(tileColumns, columnEnd - first), depth, depthEnd - depth, panel, at);
      if (product.transA()) {
        scale(product.epilogue().scale(), panel, at, panelSize(tileColumns));
      }
    }

    /** Tiles {@code i} to {@code iEnd} down and {@code j} to {@code jEnd} across. */
    private void compute(int i, int iEnd, int j, int jEnd) {
      float[] panel = b == null ? Scratch.floats(PANEL, panelSize(tileColumns)) : b;
      for (int tj = j; tj < jEnd; tj++) {
        int at = b == null ? 0 : tj * panelSize(tileColumns);
        if (b == null) {
          packRight(tj, panel, at);
        }
        for (int ti = i; ti < iEnd; ti++) {
          tile(ti, tj, panel, at);
        }
      }
      if (depthEnd == product.k()) {
        epilogue.finish(product, row + i * tileRows, Math.min(rowEnd, row + iEnd * tileRows), column + j * tileColumns,
            Math.min(columnEnd, column + jEnd * tileColumns));
      }
    }

    private void tile(int i, int j, float[] panel, int at) {
      int top = row + i * tileRows;
      int left = column + j * tileColumns;
      int rows = Math.min(tileRows, rowEnd - top);
      int columns = Math.min(tileColumns, columnEnd - left);
      int ci = product.ci() + top * product.n() + left;
      boolean add = product.accumulate() || depth > 0;
      float[] sums = Scratch.floats(SUMS, tileRows * tileColumns);
      Arrays.fill(sums, 0, tileRows * tileColumns, 0);
      if (product.transA()) { // goes on from C
        for (int r = 0; r < rows && add; r++) {
          System.arraycopy(product.c(), ci + r * product.n(), sums, r * tileColumns, columns);
        }
        loops.tile(depthEnd - depth, a, i * panelSize(tileRows), panel, at, sums);
        loops.store(sums, tileColumns, rows, columns, 1, false, product.c(), ci, product.n());
      } else {
        loops.tile(depthEnd - depth, a, i * panelSize(tileRows), panel, at, sums);
        loops.store(sums, tileColumns, rows, columns, product.epilogue().scale(), add, product.c(), ci, product.n());
      }
    }
  }

  private static void scale(float factor, float[] panel, int at, int n) {
    for (int i = at; i < at + n && factor != 1; i++) {
      panel[i] *= factor;
    }
  }

  /** The most products that an element adds up before they go to C: the pieces of a sum over {@code k}. */
  static int depths(int k) {
    return piece(k, DEPTH, 16);
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
