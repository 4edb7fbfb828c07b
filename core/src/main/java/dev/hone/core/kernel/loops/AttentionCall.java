package dev.hone.core.kernel.loops;

import dev.hone.core.AttentionSpec;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.KeyPages;

/**
 * The operands of one attention pass, checked. The last four are null in a forward pass, {@code logSumExp} where nobody
 * asked for it.
 *
 * @param spec what attends to what
 * @param q [N, H · D]
 * @param k [keys, G · D]
 * @param v [keys, G · D]
 * @param out [N, H · D]
 * @param logSumExp [H, N]
 * @param dOut [N, H · D]
 * @param dq [N, H · D]
 * @param dk [keys, G · D]
 * @param dv [keys, G · D]
 * @param pages where keys and values lie in pages, of which {@code k} and {@code v} are all rows; else null
 */
public record AttentionCall(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp, Columns dOut,
    Columns dq, Columns dk, Columns dv, KeyPages pages) {

  /** Keys and values that lie row by row. */
  public AttentionCall(AttentionSpec spec, Columns q, Columns k, Columns v, Columns out, Tensor logSumExp, Columns dOut,
      Columns dq, Columns dk, Columns dv) {
    this(spec, q, k, v, out, logSumExp, dOut, dq, dk, dv, null);
  }

  /** The row of a key of a sequence. */
  public int keyRow(int sequence, int key) {
    return pages == null ? spec.keyOffsets()[sequence] + key : pages.row(sequence, key);
  }

  /** How many of {@code count} keys lie row by row behind each other, from {@code key} on. */
  public int run(int sequence, int key, int count) {
    return pages == null ? count : pages.run(sequence, key, count);
  }

  /** Number of query heads that share a key head. */
  public int group() {
    return spec.heads() / spec.kvHeads();
  }

  /** What the queries of a sequence see. */
  public Visibility visibility(int sequence) {
    int[] queries = spec.queryOffsets();
    int[] keys = spec.keyOffsets();
    return new Visibility(queries[sequence + 1] - queries[sequence], keys[sequence + 1] - keys[sequence], spec.causal(),
        spec.window());
  }

  /**
   * Element of the dropout stream of a sequence for head {@code head}, query {@code query} of {@code queries} and key 0; the
   * other keys follow.
   */
  public static long dropoutIndex(int head, int queries, int query) {
    return ((long) head * queries + query) << 24;
  }

  /** Index in {@link #logSumExp}'s array of row {@code row} of a head. */
  public int logSumExpIndex(int head, int row) {
    return logSumExp.offset() + head * q.rows() + row;
  }

  /** Index in {@link Columns#array()} of head {@code head} of row {@code row}. */
  public int index(Columns columns, int row, int head) {
    return columns.offset() + row * columns.stride() + head * spec.headDim();
  }
}
