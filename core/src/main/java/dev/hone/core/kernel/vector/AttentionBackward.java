package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.L;
import static dev.hone.core.kernel.vector.AttentionTile.TILE;

import dev.hone.core.AttentionSpec;
import dev.hone.core.kernel.loops.AttentionCall;
import dev.hone.core.kernel.loops.SequenceOrder;
import dev.hone.core.kernel.loops.Visibility;
import dev.hone.core.parallel.Scratch;
import java.util.Arrays;

/**
 * The gradients of some keys of one sequence and one key head, and what they add to those of its queries.
 *
 * <p>Implementation note. Scores are computed again: P = 2^(S - lse), dP = dOut · Vᵀ, dS = P · (dP - dOut · out), all transposed
 * as in {@link AttentionForward}; then dV += Pᵀ · dOut, dK += dSᵀ · Q, dQ += dS · K, the scale at the end. Query blocks go from
 * the last to the first: under a causal mask all items of a sequence then begin with a block that they all see, and none has to
 * wait long for its {@link SequenceOrder}.
 */
final class AttentionBackward {
  private final AttentionCall call;
  private final AttentionSpec spec;
  private final Visibility visible;
  private final ScoreBlock block;
  private final int firstRow; // of the sequence's queries
  private final int kvHead;
  private final int firstKeyRow; // of the sequence's keys
  private final int firstKey;
  private final int endKey;
  private final int d;
  private final int width; // d rounded up to whole vectors
  private final float[] keys;
  private final float[] values;
  private final float[] dKeys;
  private final float[] dValues;
  private final float[] queryRows;
  private final float[] queries; // transposed
  private final float[] upRows; // dOut
  private final float[] up; // transposed
  private final float[] dQueries;
  private final float[] scores; // then probabilities
  private final float[] dScores;
  private final float[] logSumExp = Scratch.floats(11, ScoreBlock.QUERIES);
  private final float[] delta = Scratch.floats(12, ScoreBlock.QUERIES);
  private final float[] ones = Scratch.floats(13, ScoreBlock.QUERIES);
  private final DropoutMask dropout;
  private final float[] mask;
  private final float[] slopes; // of the soft cap

  /** Packs the keys and values {@code from} to {@code to} of the sequence. */
  AttentionBackward(AttentionCall call, int sequence, int kvHead, int from, int to) {
    this.call = call;
    this.kvHead = kvHead;
    spec = call.spec();
    visible = call.visibility(sequence);
    block = new ScoreBlock(visible);
    firstRow = spec.queryOffsets()[sequence];
    firstKeyRow = spec.keyOffsets()[sequence];
    firstKey = from;
    endKey = to;
    d = spec.headDim();
    width = ScoreBlock.roundUp(d, L);
    int padded = ScoreBlock.roundUp(to - from, TILE.rowHeight);
    keys = Scratch.floats(0, padded * width);
    values = Scratch.floats(1, padded * width);
    dKeys = Scratch.floats(2, padded * width);
    dValues = Scratch.floats(3, padded * width);
    HeadRows.pack(call.k().array(), call.index(call.k(), firstKeyRow + from, kvHead), call.k().stride(), to - from, d, keys,
        width, padded);
    HeadRows.pack(call.v().array(), call.index(call.v(), firstKeyRow + from, kvHead), call.v().stride(), to - from, d, values,
        width, padded);
    Arrays.fill(dKeys, 0, padded * width, 0);
    Arrays.fill(dValues, 0, padded * width, 0);
    queryRows = Scratch.floats(4, ScoreBlock.QUERIES * width);
    queries = Scratch.floats(5, ScoreBlock.QUERIES * width);
    upRows = Scratch.floats(6, ScoreBlock.QUERIES * width);
    up = Scratch.floats(7, ScoreBlock.QUERIES * width);
    dQueries = Scratch.floats(8, ScoreBlock.QUERIES * width);
    scores = Scratch.floats(9, ScoreBlock.KEYS * ScoreBlock.QUERIES);
    dScores = Scratch.floats(10, ScoreBlock.KEYS * ScoreBlock.QUERIES);
    Arrays.fill(ones, 0, ScoreBlock.QUERIES, 1);
    dropout = spec.dropout() > 0 ? new DropoutMask(spec.random(sequence), spec.dropout()) : null;
    mask = dropout == null ? null : Scratch.floats(14, ScoreBlock.KEYS * ScoreBlock.QUERIES);
    slopes = spec.softCap() > 0 ? Scratch.floats(15, ScoreBlock.KEYS * ScoreBlock.QUERIES) : null;
  }

  void run(SequenceOrder turn) {
    int blocks = (visible.queries() + ScoreBlock.QUERIES - 1) / ScoreBlock.QUERIES;
    int first = endKey > firstKey ? visible.firstQuery(firstKey) : 0;
    int end = endKey > firstKey ? visible.endQuery(endKey - 1) : 0;
    int head = kvHead * call.group();
    for (int i = 0; i < call.group(); i++, head++) {
      if (firstKey == 0) {
        clearBlindQueries(head);
      }
      if (first < end) {
        for (int b = (end - 1) / ScoreBlock.QUERIES; b >= first / ScoreBlock.QUERIES; b--) {
          int from = b * ScoreBlock.QUERIES;
          queryBlock(head, from, Math.min(visible.queries(), from + ScoreBlock.QUERIES), turn, i * blocks + blocks - 1 - b);
        }
      }
    }
    int at = call.index(call.dk(), firstKeyRow + firstKey, kvHead);
    HeadRows.scale(dKeys, 0, width, endKey - firstKey, d, spec.scale(), call.dk().array(), at, call.dk().stride());
    at = call.index(call.dv(), firstKeyRow + firstKey, kvHead);
    HeadRows.scale(dValues, 0, width, endKey - firstKey, d, 1, call.dv().array(), at, call.dv().stride());
  }

  /** Queries that see no key, which no block may visit. */
  private void clearBlindQueries(int head) {
    int blind = visible.keys() == 0 ? visible.queries() : visible.firstQuery(0);
    for (int query = 0; query < blind; query++) {
      int at = call.index(call.dq(), firstRow + query, head);
      Arrays.fill(call.dq().array(), at, at + d, 0);
    }
  }

  private void queryBlock(int head, int from, int to, SequenceOrder turn, int step) {
    block.moveToQueries(from, to);
    int lanes = block.lanes();
    loadQueries(head, from, to - from, lanes);
    loadSums(head, from, to - from, lanes, turn, step);
    int end = Math.min(endKey, visible.endKey(to - 1));
    int start = Math.max(firstKey, visible.firstKey(from));
    for (int key = start - (start - firstKey) % ScoreBlock.KEYS; key < end; key += ScoreBlock.KEYS) {
      block.moveToKeys(key, Math.min(end, key + ScoreBlock.KEYS));
      for (int lane = 0; lane < lanes; lane += ScoreBlock.PANEL) {
        scoreGradients(head, from, key, lane);
      }
      for (int row = 0; row < end - key && row < ScoreBlock.KEYS; row += TILE.rowHeight) {
        keyGradients(key, row);
      }
      for (int lane = 0; lane < to - from; lane += TILE.columnHeight) {
        queryGradients(key, lane);
      }
    }
    float scale = visible.endKey(to - 1) <= endKey ? spec.scale() : 1; // the last item that adds to these rows
    int at = call.index(call.dq(), firstRow + from, head);
    HeadRows.scale(dQueries, 0, width, to - from, d, scale, call.dq().array(), at, call.dq().stride());
    turn.end(step);
  }

  private void loadQueries(int head, int from, int count, int lanes) {
    int row = firstRow + from;
    HeadRows.pack(call.q().array(), call.index(call.q(), row, head), call.q().stride(), count, d, queryRows, width, lanes);
    float scale = spec.softCap() > 0 ? spec.scale() / spec.softCap() : spec.scale() * Exponential.LOG2_E;
    TransposeBlock.matrix(queryRows, 0, width, lanes, width, scale, queries, 0, lanes);
    int upAt = call.index(call.dOut(), row, head);
    HeadRows.pack(call.dOut().array(), upAt, call.dOut().stride(), count, d, upRows, width, lanes);
    TransposeBlock.matrix(upRows, 0, width, lanes, width, 1, up, 0, lanes);
    int outAt = call.index(call.out(), row, head);
    HeadRows.rowProducts(upRows, 0, width, call.out().array(), outAt, call.out().stride(), count, d, delta);
    Arrays.fill(delta, count, lanes, 0);
    loadLogSumExp(call.logSumExp().array(), call.logSumExpIndex(head, row), count, lanes);
  }

  /** In units of log 2; 0 for queries that see nothing, whose probabilities are 0 by their scores. */
  private void loadLogSumExp(float[] source, int at, int count, int lanes) {
    for (int i = 0; i < count; i++) {
      logSumExp[i] = source[at + i] == Float.NEGATIVE_INFINITY ? 0 : source[at + i] * Exponential.LOG2_E;
    }
    Arrays.fill(logSumExp, count, lanes, 0);
  }

  /** The sums of dQ so far: zeros for the first item that sees the block, else what the item before this one left. */
  private void loadSums(int head, int from, int count, int lanes, SequenceOrder turn, int step) {
    if (visible.firstKey(from) >= firstKey) {
      Arrays.fill(dQueries, 0, lanes * width, 0);
    } else {
      turn.await(step);
      int at = call.index(call.dq(), firstRow + from, head);
      HeadRows.pack(call.dq().array(), at, call.dq().stride(), count, d, dQueries, width, lanes);
    }
  }

  /** Probabilities of a panel, and the gradients of its scores. */
  private void scoreGradients(int head, int from, int key, int lane) {
    int row = block.panelRow(lane);
    int end = block.panelEndRow(lane);
    if (row >= end) {
      return;
    }
    int lanes = block.lanes();
    int panel = block.panelLanes(lane);
    int keyAt = (key - firstKey) * width;
    block.products(keys, keyAt, width, queries, d, lane, row, end, scores);
    block.products(values, keyAt, width, up, d, lane, row, end, dScores);
    int at = row * lanes + lane;
    if (spec.softCap() > 0) {
      float cap = spec.softCap() * Exponential.LOG2_E;
      ScoreLoops.cap(scores, at, lanes, end - row, panel, cap);
      ScoreLoops.capSlopes(scores, slopes, at, lanes, end - row, panel, cap);
    }
    if (spec.keyBias() != null) {
      ScoreLoops.addRows(scores, at, lanes, Math.min(end - row, visible.keys() - key - row), panel, spec.keyBias().values(),
          spec.keyBias().at(head) + key + row);
    }
    block.hide(lane, row, end, scores);
    if (dropout != null) {
      int first = row - row % 4;
      dropout.fill(mask, first * lanes + lane, lanes, end - first, panel, AttentionCall.dropoutIndex(head,
          visible.queries(), from + lane) + key + first);
      ScoreLoops.multiply(dScores, mask, at, lanes, end - row, panel);
    }
    for (int i = 0; i < panel; i += L) {
      ScoreLoops.gradients(scores, dScores, at + i, lanes, end - row, logSumExp, delta, lane + i);
    }
    if (spec.softCap() > 0) {
      ScoreLoops.multiply(dScores, slopes, at, lanes, end - row, panel);
    }
    if (dropout != null) {
      ScoreLoops.multiply(scores, mask, at, lanes, end - row, panel);
    }
  }

  /** dV and dK of a tile of keys. */
  private void keyGradients(int key, int row) {
    int lane = block.rowLane(row);
    int depth = block.rowEndLane(row) - lane;
    if (depth > 0) {
      int lanes = block.lanes();
      int at = row * lanes + lane;
      int target = (key - firstKey + row) * width;
      TILE.addRowProduct(scores, at, lanes, upRows, lane * width, width, depth, width, dValues, target, width);
      TILE.addRowProduct(dScores, at, lanes, queryRows, lane * width, width, depth, width, dKeys, target, width);
    }
  }

  /** dQ of a tile of queries. */
  private void queryGradients(int key, int lane) {
    int first = block.columnKey(lane);
    int depth = block.columnEndKey(lane) - first;
    if (depth > 0) {
      int lanes = block.lanes();
      TILE.columnProduct(dScores, (first - key) * lanes + lane, lanes, keys, (first - firstKey) * width, width, depth, width,
          ones,
          0, dQueries, lane * width, width);
    }
  }
}
