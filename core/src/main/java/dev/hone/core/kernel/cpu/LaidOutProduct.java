package dev.hone.core.kernel.cpu;

import dev.hone.core.DType;
import dev.hone.core.kernel.loops.LaneLoops;
import dev.hone.core.kernel.loops.MatMulLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Products with a weight that is {@link LaidOut}, for any number of rows. One row is multiplied as the weight streams by; for
 * more, pieces of a group are widened to the cache, or read in place if they are floats, and all rows pass. Rows of A lie where
 * they are.
 *
 * <p>Implementation note. An element is summed as {@link PackedProduct} does it, over k in order and on from C: a row has the
 * same bits with and without the layout, alone and in any company.
 */
final class LaidOutProduct {
  /** Multiply-adds that a thread does at a time. */
  private static final int GRAIN = 1 << 17;
  /** Columns that a thread does at a time, at least: neighbours would take lines of C from each other. */
  private static final int COLUMNS = 32;
  /** Rows that pass at a time: a multiple of the heights of tiles. */
  private static final int ROWS = 96;
  /** k of a piece of floats, which stays in the second-level cache. */
  private static final int PIECE = 768;
  /** k of a piece that is widened, which stays in the first-level cache. */
  private static final int WIDENED = 128;
  /** k of a piece for one row: small calls are compiled soon. */
  private static final int STREAMED = 512;
  /** What a row of a tile takes, and a tile besides: 4, 5 and 6 rows were measured. */
  private static final int ROW = 3;
  private static final int TILE = 4;
  private static final int LOWEST = 4; // a tile of fewer rows takes as long
  private static final int PANEL = 13;
  private static final int EDGE = 15;

  private final MatMulLoops loops;
  private final LaneLoops lanes;
  private final ProductEpilogue epilogue;
  private final PanelStore store;

  LaidOutProduct(MatMulLoops loops, LaneLoops lanes, ProductEpilogue epilogue, PanelStore store) {
    this.loops = loops;
    this.lanes = lanes;
    this.epilogue = epilogue;
    this.store = store;
  }

  /** C = A · op(B). */
  void run(Product product, LaidOut weight) {
    if (product.epilogue().scale() == 1) {
      run(product, weight, product.a(), product.ai());
      return;
    }
    PanelStore.Panels panels = store.take();
    try {
      int length = product.m() * product.k();
      float[] scaled = panels.left(length);
      System.arraycopy(product.a(), product.ai(), scaled, 0, length);
      PanelPacking.scale(product.epilogue().scale(), scaled, 0, length);
      run(product, weight, scaled, 0);
    } finally {
      store.give(panels);
    }
  }

  private void run(Product product, LaidOut weight, float[] a, int ai) {
    long work = (long) product.m() * product.k() * weight.width();
    int grain = (int) Math.max(Math.max(1, COLUMNS / weight.width()), GRAIN / work);
    Workers.ranges(weight.groups(), grain, (from, to) -> {
      for (int row = 0; row < product.m(); row += ROWS) { // so that their A stays in the second-level cache for all groups
        int count = Math.min(ROWS, product.m() - row);
        for (int group = from; group < to; group++) {
          group(product, weight, group, row, count, a, ai + row * product.lda());
        }
      }
      epilogue.finish(product, 0, product.m(), from * weight.width(), Math.min(product.n(), to * weight.width()));
    });
  }

  private void group(Product product, LaidOut weight, int group, int firstRow, int rows, float[] a, int ai) {
    int width = weight.width();
    int column = group * width;
    int count = Math.min(width, product.n() - column);
    int at = product.ci() + firstRow * product.n() + column;
    if (!product.accumulate()) {
      for (int row = 0; row < rows; row++) {
        Arrays.fill(product.c(), at + row * product.n(), at + row * product.n() + count, 0);
      }
    }
    if (count == width) {
      sums(product, weight, group, rows, a, ai, product.c(), at, product.n());
      return;
    }
    float[] edge = Scratch.floats(EDGE, rows * width);
    for (int row = 0; row < rows; row++) {
      System.arraycopy(product.c(), at + row * product.n(), edge, row * width, count);
    }
    sums(product, weight, group, rows, a, ai, edge, 0, width);
    for (int row = 0; row < rows; row++) {
      System.arraycopy(edge, row * width, product.c(), at + row * product.n(), count);
    }
  }

  private void sums(Product product, LaidOut weight, int group, int rows, float[] a, int ai, float[] c, int ci, int ldc) {
    if (rows == 1) {
      one(product.k(), weight, group, a, ai, c, ci);
      return;
    }
    int piece = weight.floats() == null ? WIDENED : PIECE;
    for (int from = 0; from < product.k(); from += piece) {
      int depth = Math.min(piece, product.k() - from);
      float[] panel = weight.floats();
      int at = panel == null ? 0 : weight.floatsAt(group, from);
      if (panel == null) {
        panel = Scratch.floats(PANEL, depth * weight.width());
        widen(weight, group, from, depth, panel);
      }
      rows(product.lda(), weight, rows, depth, a, ai + from, panel, at, c, ci, ldc);
    }
  }

  /** One row: nothing is widened. */
  private void one(int k, LaidOut weight, int group, float[] x, int xi, float[] c, int ci) {
    int step = weight.floats() != null ? PIECE : Math.min(STREAMED, weight.block());
    for (int from = 0; from < k; from += step) {
      int depth = Math.min(step, k - from);
      switch (weight.type()) {
        case F32 -> lanes.dot(weight.floats(), weight.floatsAt(group, from), depth, x, xi + from, c, ci);
        case BF16 -> lanes.dot(weight.codes(), weight.codesAt(group, from), depth, x, xi + from, c, ci);
        default -> lanes.dot(weight.type() == DType.NF4, weight.codes(), weight.codesAt(group, from), weight.scales(),
            weight.scalesAt(group, from), depth, x, xi + from, c, ci);
      }
    }
  }

  private void widen(LaidOut weight, int group, int from, int depth, float[] panel) {
    int step = weight.scales() == null ? STREAMED : Math.min(STREAMED, weight.block());
    int next;
    for (int k = from; k < from + depth; k = next) {
      next = Math.min(from + depth, (k / step + 1) * step);
      int at = (k - from) * weight.width();
      if (weight.scales() == null) {
        lanes.widen(weight.codes(), weight.codesAt(group, k), next - k, panel, at);
      } else {
        lanes.widen(weight.type() == DType.NF4, weight.codes(), weight.codesAt(group, k), weight.scales(),
            weight.scalesAt(group, k), next - k, panel, at);
      }
    }
  }

  private void rows(int lda, LaidOut weight, int rows, int depth, float[] a, int ai, float[] panel, int pi, float[] c, int ci,
      int ldc) {
    int height = loops.productRows();
    int low = lanes.tileRows(weight.type());
    int high = highTiles(rows, height, low) * height;
    int row = 0;
    for (; row < high; row += height) {
      loops.rowProduct(depth, a, ai + row * lda, lda, panel, pi, weight.width(), true, c, ci + row * ldc, ldc);
    }
    while (row < rows) {
      int count = lowTile(rows - row, low);
      lanes.tile(weight.type(), count, depth, a, ai + row * lda, lda, panel, pi, c, ci + row * ldc, ldc);
      row += count;
    }
  }

  /** Rows of the next low tile where so many are left: as equal as can be, so that hardly a row is computed in vain. */
  private static int lowTile(int rest, int low) {
    int tiles = (rest + low - 1) / low;
    return (rest + tiles - 1) / tiles;
  }

  /** How many tiles of {@code height} take the least time, where the others have at most {@code low} rows. */
  static int highTiles(int rows, int height, int low) {
    int best = 0;
    int least = Integer.MAX_VALUE;
    for (int tiles = rows / height; tiles >= Math.max(0, rows / height - low); tiles--) {
      int cost = tiles * (ROW * height + TILE);
      int count;
      for (int rest = rows - tiles * height; rest > 0; rest -= count) {
        count = lowTile(rest, low);
        cost += ROW * Math.max(count, LOWEST) + TILE;
      }
      if (cost <= least) {
        least = cost;
        best = tiles;
      }
    }
    return best;
  }
}
