package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.loops.MatMulLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Products of large matrices: both operands are packed into panels, then register tiles run over the panels.
 *
 * <p>Implementation note. C is cut into blocks of at most {@link #ROWS} x {@link #COLUMNS} and the sum into pieces of at most
 * {@link #DEPTH}. For each, the threads first pack the strips of A into an array that all of them read, then compute parts of
 * the block: some columns, for which a thread packs the strips of B just before it uses them. Packing costs one pass over the
 * operands; in return every access of the tiles is to consecutive memory, strides that are powers of two do no harm, and stored
 * types are widened once. The panels of B of a part stay in the second-level cache while all panels of A pass, a row of tiles
 * writes to C side by side, and what is packed at a time fits the third-level cache. If C has too few columns to occupy the
 * threads, rows are shared out too, and the threads pack all of B together.
 *
 * <p>An element is one sum over k that goes on from C, or from 0: neither threads nor blocks nor pieces nor other rows change its
 * bits, and with A stored [K, M], where the sum is one over the rows of a batch, cutting the batch changes none.
 */
final class PackedProduct {
  /** Rows of A packed at a time. */
  private static final int ROWS = 2304;
  /** Columns of B packed at a time. */
  private static final int COLUMNS = 2048;
  /** Depth of the panels. */
  private static final int DEPTH = 768;
  /** Tiles across the part of C that one thread computes at a time, at most. */
  private static final int PART_COLUMNS = 4;
  /** Fewest parts for each thread: one that is held up leaves its rest to others. */
  private static final int PARTS = 4;
  /** Multiply-adds below which a product is not worth a second thread. */
  private static final long SMALL = 1 << 17;
  private static final int PANEL = 13;
  private static final int EDGE = 15;

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
    private final boolean small;
    private final int partRows; // in tiles
    private final int partColumns;
    private final int partsDown;
    private final int partsAcross;
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
      small = (long) (rowEnd - row) * (columnEnd - column) * Math.max(1, depthEnd - depth) < SMALL;
      int parts = small ? 1 : PARTS * Workers.threads();
      partColumns = small ? columnTiles : Math.clamp(columnTiles / parts, 1, PART_COLUMNS);
      partsAcross = tiles(columnTiles, partColumns);
      partRows = tiles(rowTiles, Math.clamp(tiles(parts, partsAcross), 1, rowTiles));
      partsDown = tiles(rowTiles, partRows);
      a = panels.left(rowTiles * panelSize(tileRows));
      b = partsDown > 1 ? panels.right(columnTiles * panelSize(tileColumns)) : null;
    }

    private int panelSize(int width) {
      return width * (depthEnd - depth);
    }

    void run() {
      if (small) {
        for (int i = 0; i < panels(); i++) {
          pack(i);
        }
        part(0);
        return;
      }
      // Shares, so that threads do not work side by side: they would take lines of C from each other, several times a tile.
      Workers.ranges(panels(), 1, (i, _) -> pack(i));
      Workers.ranges(partsDown * partsAcross, 1, (i, _) -> part(i));
    }

    private void part(int part) {
      int i = part / partsAcross * partRows;
      int j = part % partsAcross * partColumns;
      compute(i, Math.min(rowTiles, i + partRows), j, Math.min(columnTiles, j + partColumns));
    }

    /** Panels that all parts read. */
    private int panels() {
      return rowTiles + (b == null ? 0 : columnTiles);
    }

    private void pack(int i) {
      if (i < rowTiles) {
        int first = row + i * tileRows;
        packing.left(product, first, Math.min(tileRows, rowEnd - first), depth, depthEnd - depth, a, i * panelSize(tileRows));
        PanelPacking.scale(product.epilogue().scale(), a, i * panelSize(tileRows), panelSize(tileRows));
      } else {
        packRight(i - rowTiles, b, (i - rowTiles) * panelSize(tileColumns));
      }
    }

    private void packRight(int tile, float[] panel, int at) {
      int first = column + tile * tileColumns;
      packing.right(product, first, Math.min(tileColumns, columnEnd - first), depth, depthEnd - depth, panel, at);
    }

    /** Tiles {@code i} to {@code iEnd} down and {@code j} to {@code jEnd} across. */
    private void compute(int i, int iEnd, int j, int jEnd) {
      float[] panel = b;
      int first = 0; // the tile whose panel lies at 0
      if (b == null) {
        panel = Scratch.floats(PANEL, (jEnd - j) * panelSize(tileColumns));
        first = j;
        for (int tj = j; tj < jEnd; tj++) {
          packRight(tj, panel, (tj - first) * panelSize(tileColumns));
        }
      }
      int left = column + j * tileColumns;
      int right = Math.min(columnEnd, column + jEnd * tileColumns);
      for (int ti = i; ti < iEnd; ti++) {
        int top = row + ti * tileRows;
        int bottom = Math.min(rowEnd, top + tileRows);
        if (depth == 0 && !product.accumulate()) {
          for (int r = top; r < bottom; r++) {
            Arrays.fill(product.c(), product.ci() + r * product.n() + left, product.ci() + r * product.n() + right, 0);
          }
        }
        for (int tj = j; tj < jEnd; tj++) {
          tile(ti, tj, panel, (tj - first) * panelSize(tileColumns));
        }
        if (depthEnd == product.k()) {
          epilogue.finish(product, top, bottom, left, right);
        }
      }
    }

    private void tile(int i, int j, float[] panel, int at) {
      int top = row + i * tileRows;
      int left = column + j * tileColumns;
      int rows = Math.min(tileRows, rowEnd - top);
      int columns = Math.min(tileColumns, columnEnd - left);
      int ci = product.ci() + top * product.n() + left;
      if (rows == tileRows && columns == tileColumns) {
        loops.tile(depthEnd - depth, a, i * panelSize(tileRows), panel, at, product.c(), ci, product.n());
        return;
      }
      // A tile that reaches beyond C works on a copy, so that an element has the same bits as elsewhere.
      float[] copy = Scratch.floats(EDGE, tileRows * tileColumns);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(product.c(), ci + r * product.n(), copy, r * tileColumns, columns);
      }
      loops.tile(depthEnd - depth, a, i * panelSize(tileRows), panel, at, copy, 0, tileColumns);
      for (int r = 0; r < rows; r++) {
        System.arraycopy(copy, r * tileColumns, product.c(), ci + r * product.n(), columns);
      }
    }
  }

  /** The length of the pieces that a sum over {@code k} is cut into. */
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
