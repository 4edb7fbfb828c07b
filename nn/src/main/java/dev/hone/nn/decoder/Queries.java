package dev.hone.nn.decoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.TokenBatch;
import java.util.Arrays;

/**
 * The rows of a batch that attend to something, where not all of them have to.
 *
 * @param rows M rows, ascending; null for all
 * @param offsets S + 1 bounds of the sequences among them
 */
public record Queries(int[] rows, int[] offsets) {
  /** All rows of a batch. */
  static Queries all(TokenBatch batch) {
    return new Queries(null, batch.offsets());
  }

  /** These rows and no others. */
  static Queries exactly(int[] rows, TokenBatch batch) {
    int[] offsets = new int[batch.offsets().length];
    int at = 0;
    for (int s = 1; s < offsets.length; s++) {
      while (at < rows.length && rows[at] < batch.offsets()[s]) {
        at++;
      }
      offsets[s] = at;
    }
    return new Queries(rows, offsets);
  }

  /** Of every sequence all from the first of these rows on: queries that end at the last key, so that each has its place. */
  static Queries untilTheEnd(int[] rows, TokenBatch batch) {
    int[] offsets = exactly(rows, batch).offsets;
    int[] all = new int[batch.size()];
    int[] bounds = new int[offsets.length];
    int at = 0;
    for (int s = 0; s < batch.sequences(); s++) {
      int end = batch.offsets()[s + 1];
      for (int row = offsets[s] == offsets[s + 1] ? end : rows[offsets[s]]; row < end; row++) {
        all[at++] = row;
      }
      bounds[s + 1] = at;
    }
    return at == all.length ? all(batch) : new Queries(Arrays.copyOf(all, at), bounds);
  }

  /** Their rows of what has all. [N, C] -> [M, C]. */
  public Variable of(Variable x) {
    return rows == null ? x : GatherOps.rows(x, rows);
  }

  /** Where some rows of the batch, ascending, stand among these; null if they are just these. */
  public int[] places(int[] some) {
    if (rows == null) {
      return some;
    }
    if (Arrays.equals(rows, some)) {
      return null;
    }
    int[] places = new int[some.length];
    int at = 0;
    for (int i = 0; i < some.length; i++) {
      while (rows[at] != some[i]) {
        at++;
      }
      places[i] = at;
    }
    return places;
  }
}
