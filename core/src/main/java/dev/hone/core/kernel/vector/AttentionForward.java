package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.L;
import static dev.hone.core.kernel.vector.AttentionTile.TILE;

import dev.hone.core.AttentionSpec;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.loops.AttentionCall;
import dev.hone.core.kernel.loops.Visibility;
import dev.hone.core.parallel.Scratch;
import java.util.Arrays;

/**
 * The forward pass of some queries of one sequence, for all query heads of one key head.
 *
 * <p>Implementation note, after Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018), and Dao,
 * "FlashAttention-2" (2023). A block of queries meets one block of keys after the other: scores Sᵀ = K · Qᵀ, running maximum and
 * sum per query, P = 2^(S - max), O = O · 2^(old max - max) + P · V; at the end O / sum. The queries are the lanes of Sᵀ. The
 * scale and log2(e) are in Qᵀ. Tiles that a mask hides wholly are not computed, and the depth of P · V follows the mask tile by
 * tile; what a mask hides within a tile becomes an exact 0. Blocks lie on a grid of the sequence, so the bits of a row depend on
 * nothing but its own sequence.
 */
final class AttentionForward {
  private final AttentionCall call;
  private final AttentionSpec spec;
  private final Visibility visible;
  private final ScoreBlock block;
  private final int firstRow; // of the sequence's queries
  private final int d;
  private final int width; // d rounded up to whole vectors
  private final int firstKey; // of the packed keys, on the grid of blocks
  private final float[] keys;
  private final float[] values;
  private final float[] queryRows;
  private final float[] queries;
  private final float[] scores;
  private final float[] mask;
  private final float[] out;
  private final float[] max = Scratch.floats(5, ScoreBlock.QUERIES);
  private final float[] sum = Scratch.floats(6, ScoreBlock.QUERIES);
  private final float[] factor = Scratch.floats(7, ScoreBlock.QUERIES);
  private final DropoutMask dropout;

  /** Packs the keys and values that the queries {@code from} to {@code to} see. */
  AttentionForward(AttentionCall call, int sequence, int kvHead, int from, int to) {
    this.call = call;
    spec = call.spec();
    visible = call.visibility(sequence);
    block = new ScoreBlock(visible);
    firstRow = spec.queryOffsets()[sequence];
    d = spec.headDim();
    width = ScoreBlock.roundUp(d, L);
    firstKey = visible.firstKey(from) / ScoreBlock.KEYS * ScoreBlock.KEYS;
    int count = Math.max(0, visible.endKey(to - 1) - firstKey);
    int padded = ScoreBlock.roundUp(count, TILE.rowHeight);
    keys = Scratch.floats(0, padded * width);
    values = Scratch.floats(1, padded * width);
    pack(call.k(), sequence, kvHead, count, keys, padded);
    pack(call.v(), sequence, kvHead, count, values, count);
    queryRows = Scratch.floats(2, ScoreBlock.QUERIES * width);
    queries = Scratch.floats(3, ScoreBlock.QUERIES * width);
    scores = Scratch.floats(4, ScoreBlock.KEYS * ScoreBlock.QUERIES);
    out = Scratch.floats(8, ScoreBlock.QUERIES * width);
    dropout = spec.dropout() > 0 ? new DropoutMask(spec.random(sequence), spec.dropout()) : null;
    mask = dropout == null ? null : Scratch.floats(9, ScoreBlock.KEYS * ScoreBlock.QUERIES);
  }

  /** The rows of keys or values, run by run, and zeros behind them. */
  private void pack(Columns rows, int sequence, int kvHead, int count, float[] packed, int padded) {
    int run;
    for (int i = 0; i < count; i += run) {
      run = call.run(sequence, firstKey + i, count - i);
      int at = call.index(rows, call.keyRow(sequence, firstKey + i), kvHead);
      HeadRows.scale(rows.array(), at, rows.stride(), run, d, 1, packed, i * width, width);
    }
    Arrays.fill(packed, count * width, padded * width, 0);
  }

  /** One block of queries. */
  void block(int head, int from, int to) {
    block.moveToQueries(from, to);
    int lanes = block.lanes();
    transposeQueries(head, from, to - from, lanes);
    Arrays.fill(max, 0, lanes, ScoreLoops.LOWEST);
    Arrays.fill(sum, 0, lanes, 0);
    Arrays.fill(out, 0, lanes * width, 0);
    int end = visible.endKey(to - 1);
    for (int key = visible.firstKey(from) / ScoreBlock.KEYS * ScoreBlock.KEYS; key < end; key += ScoreBlock.KEYS) {
      block.moveToKeys(key, Math.min(end, key + ScoreBlock.KEYS));
      for (int lane = 0; lane < lanes; lane += ScoreBlock.PANEL) {
        probabilities(head, from, key, lane);
      }
      for (int lane = 0; lane < to - from; lane += TILE.columnHeight) {
        weightedValues(key, lane);
      }
    }
    store(head, from, to - from, lanes);
  }

  /** Qᵀ · scale, to units of log 2; under a soft cap, in units of the cap. */
  private void transposeQueries(int head, int from, int count, int lanes) {
    float scale = spec.softCap() > 0 ? spec.scale() / spec.softCap() : spec.scale() * Exponential.LOG2_E;
    float[] q = call.q().array();
    int at = call.index(call.q(), firstRow + from, head);
    if (count == lanes && d == width) {
      TransposeBlock.matrix(q, at, call.q().stride(), lanes, width, scale, queries, 0, lanes);
    } else {
      HeadRows.pack(q, at, call.q().stride(), count, d, queryRows, width, lanes);
      TransposeBlock.matrix(queryRows, 0, width, lanes, width, scale, queries, 0, lanes);
    }
  }

  /** Scores of a panel become 2^(score - max); maxima, sums and factors of its queries follow. */
  private void probabilities(int head, int from, int key, int lane) {
    int lanes = block.lanes();
    int row = block.panelRow(lane);
    int end = block.panelEndRow(lane);
    int width = block.panelLanes(lane);
    if (row >= end) {
      Arrays.fill(factor, lane, lane + width, 1);
      return;
    }
    block.products(keys, (key - firstKey) * this.width, this.width, queries, d, lane, row, end, scores);
    int at = row * lanes + lane;
    if (spec.softCap() > 0) {
      ScoreLoops.cap(scores, at, lanes, end - row, width, spec.softCap() * Exponential.LOG2_E);
    }
    if (spec.keyBias() != null) {
      ScoreLoops.addRows(scores, at, lanes, Math.min(end - row, visible.keys() - key - row), width, spec.keyBias().values(),
          spec.keyBias().at(head) + key + row);
    }
    block.hide(lane, row, end, scores);
    for (int i = 0; i < width; i += L) {
      ScoreLoops.raiseMaxima(scores, at + i, lanes, end - row, max, lane + i, factor, lane + i);
      ScoreLoops.exponentials(scores, at + i, lanes, end - row, max, lane + i, factor, lane + i, sum, lane + i);
    }
    if (dropout != null) {
      int first = row - row % 4;
      dropout.fill(mask, first * lanes + lane, lanes, end - first, width, AttentionCall.dropoutIndex(head,
          visible.queries(), from + lane) + key + first);
      ScoreLoops.multiply(scores, mask, at, lanes, end - row, width);
    }
  }

  private void weightedValues(int key, int lane) {
    int first = block.columnKey(lane);
    int depth = block.columnEndKey(lane) - first;
    if (depth > 0) {
      int lanes = block.lanes();
      TILE.columnProduct(scores, (first - key) * lanes + lane, lanes, values, (first - firstKey) * width, width, depth, width,
          factor, lane, out, lane * width, width);
    }
  }

  private void store(int head, int from, int count, int lanes) {
    for (int lane = 0; lane < lanes; lane += L) {
      ScoreLoops.finish(max, lane, sum, lane);
    }
    HeadRows.scale(out, 0, width, count, d, sum, 0, 1, call.out().array(), call.index(call.out(), firstRow + from, head),
        call.out().stride());
    if (call.logSumExp() != null) {
      System.arraycopy(max, 0, call.logSumExp().array(), call.logSumExpIndex(head, firstRow + from), count);
    }
  }
}
