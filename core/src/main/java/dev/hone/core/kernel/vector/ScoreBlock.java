package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.L;
import static dev.hone.core.kernel.vector.AttentionTile.TILE;

import dev.hone.core.kernel.loops.Visibility;


/**
 * One block of queries (lanes) against one block of keys (rows): which parts of it are seen, and their scores. A panel is a run
 * of at most two vectors of queries; within a panel whole tiles of rows are computed.
 */
final class ScoreBlock {
  /** Queries of a block. */
  static final int QUERIES = 64;
  /** Keys of a block: a multiple of every tile's height, and of 4 for the dropout stream. */
  static final int KEYS = 96;
  /** Queries of a panel. */
  static final int PANEL = 2 * L;

  private final Visibility visible;
  private int query;
  private int endQuery;
  private int key;
  private int endKey;

  ScoreBlock(Visibility visible) {
    this.visible = visible;
  }

  /** Moves to the queries {@code from} to {@code to} of the sequence. */
  void moveToQueries(int from, int to) {
    query = from;
    endQuery = to;
  }

  /** Moves to the keys {@code from} to {@code to} of the sequence. */
  void moveToKeys(int from, int to) {
    key = from;
    endKey = to;
  }

  /** Number of lanes that blocks of these queries have: whole vectors and whole tiles. */
  int lanes() {
    return roundUp(endQuery - query, Math.max(L, TILE.columnHeight));
  }

  /** Number of lanes of the panel at {@code lane}. */
  int panelLanes(int lane) {
    return Math.min(PANEL, lanes() - lane);
  }

  /** The first row that a query of this panel sees, on the grid of tiles. */
  int panelRow(int lane) {
    int rows = Math.max(visible.firstKey(query + lane), key) - key;
    return rows - rows % TILE.rowHeight;
  }

  /**
   * One past the last row that a query of this panel sees, on the grid of tiles; not above {@link #panelRow} if there is none.
   */
  int panelEndRow(int lane) {
    int last = Math.min(query + lane + PANEL, endQuery) - 1;
    return roundUp(Math.max(0, Math.min(visible.endKey(last), endKey) - key), TILE.rowHeight);
  }

  /** The first key of the block that one of the queries at these lanes sees. */
  int columnKey(int lane) {
    return Math.max(visible.firstKey(query + lane), key);
  }

  /** One past the last key of the block that one of the queries at these lanes sees. */
  int columnEndKey(int lane) {
    int last = Math.min(query + lane + TILE.columnHeight, endQuery) - 1;
    return Math.min(visible.endKey(last), endKey);
  }

  /** The first lane that sees one of the keys of the tile at {@code row}. */
  int rowLane(int row) {
    return Math.max(visible.firstQuery(key + row), query) - query;
  }

  /** One past the last lane that sees one of the keys of the tile at {@code row}. */
  int rowEndLane(int row) {
    int last = Math.min(key + row + TILE.rowHeight, endKey) - 1;
    return Math.min(visible.endQuery(last), endQuery) - query;
  }

  /**
   * x[row, lane] = a[row, :] · b[:, lane] for rows {@code from} to {@code to} of a panel.
   *
   * @param a row 0 of the block's keys or values, rows {@code lda} apart
   * @param b [depth, lanes], queries or output gradients transposed
   * @param x [KEYS, lanes]
   */
  void products(float[] a, int aAt, int lda, float[] b, int depth, int lane, int from, int to, float[] x) {
    int lanes = lanes();
    int width = panelLanes(lane);
    for (int row = from; row < to; row += TILE.rowHeight) {
      TILE.rowProduct(a, aAt + row * lda, lda, b, lane, lanes, depth, width, x, row * lanes + lane, lanes);
    }
  }

  /** Hides what the queries of a panel do not see in rows {@code from} to {@code to}. */
  void hide(int lane, int from, int to, float[] scores) {
    int first = query + lane;
    int last = Math.min(first + PANEL, endQuery) - 1;
    if (visible.firstKey(last) > key + from || visible.endKey(first) < key + to) {
      ScoreLoops.hide(scores, from * lanes() + lane, lanes(), to - from, panelLanes(lane), visible, key + from, first);
    }
  }

  static int roundUp(int value, int step) {
    return (value + step - 1) / step * step;
  }
}
