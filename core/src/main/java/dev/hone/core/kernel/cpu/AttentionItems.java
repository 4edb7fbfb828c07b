package dev.hone.core.kernel.cpu;

import dev.hone.core.AttentionSpec;
import dev.hone.core.kernel.loops.AttentionLoops;
import java.util.Arrays;

/**
 * Attention cut into items: one sequence, one key head, a run of its queries (forward) or keys (backward). Short items are
 * taken together in blocks for the threads. How the cuts lie changes no bit of the result.
 */
final class AttentionItems {
  private static final int ROWS_PER_ITEM = 256; // queries times the heads that share a key head
  private static final int[] KEYS_PER_ITEM = {4 * AttentionLoops.KEY_GRID, 2 * AttentionLoops.KEY_GRID, AttentionLoops.KEY_GRID};
  private static final int ENOUGH_ITEMS = 32; // for the threads of an ordinary machine
  private static final long BLOCK_WORK = 1 << 20; // multiply-adds, about 10 µs
  private static final int READING = 32; // what it costs to read one number of K and of V, in multiply-adds
  private static final int FIELDS = 4;

  private int[] items = new int[64 * FIELDS];
  private int count;
  private int[] blocks = new int[16]; // where each begins; one more for the end
  private int blockCount;
  private long work; // of the open block

  /** Runs of queries, the last ones first: under a causal mask they are the longest. */
  static AttentionItems ofQueries(AttentionSpec spec) {
    AttentionItems items = new AttentionItems();
    int group = spec.heads() / spec.kvHeads();
    int rows = Math.max(1, ROWS_PER_ITEM / group / AttentionLoops.QUERY_GRID) * AttentionLoops.QUERY_GRID;
    for (int s = 0; s < spec.sequences(); s++) {
      int queries = length(spec.queryOffsets(), s);
      int keys = length(spec.keyOffsets(), s);
      for (int kvHead = 0; kvHead < spec.kvHeads(); kvHead++) {
        for (int from = (queries - 1) / rows * rows; from >= 0 && queries > 0; from -= rows) {
          int to = Math.min(queries, from + rows);
          long seen = Math.min(keys, (long) spec.window() + to - from);
          items.add(s, kvHead, from, to, seen * ((to - from) * group + READING) * spec.headDim());
        }
      }
    }
    return items.finish();
  }

  /** Runs of keys in rising order, at least one run for every sequence and key head. */
  static AttentionItems ofKeys(AttentionSpec spec) {
    AttentionItems items = new AttentionItems();
    int group = spec.heads() / spec.kvHeads();
    int rows = keysPerItem(spec);
    for (int s = 0; s < spec.sequences(); s++) {
      int queries = length(spec.queryOffsets(), s);
      int keys = length(spec.keyOffsets(), s);
      for (int kvHead = 0; kvHead < spec.kvHeads(); kvHead++) {
        for (int from = 0; from == 0 || from < keys; from += rows) {
          int to = Math.min(keys, from + rows);
          long seeing = Math.min(queries, (long) spec.window() + to - from);
          items.add(s, kvHead, from, to, (seeing * group + READING) * (to - from) * spec.headDim());
        }
      }
    }
    return items.finish();
  }

  /** Long runs cost less, short ones occupy more threads. */
  private static int keysPerItem(AttentionSpec spec) {
    for (int rows : KEYS_PER_ITEM) {
      long count = 0;
      for (int s = 0; s < spec.sequences(); s++) {
        count += (length(spec.keyOffsets(), s) + rows - 1) / rows;
      }
      if (count * spec.kvHeads() >= ENOUGH_ITEMS) {
        return rows;
      }
    }
    return AttentionLoops.KEY_GRID;
  }

  private static int length(int[] offsets, int sequence) {
    return offsets[sequence + 1] - offsets[sequence];
  }

  private void add(int sequence, int kvHead, int from, int to, long itemWork) {
    if (count * FIELDS == items.length) {
      items = Arrays.copyOf(items, 2 * items.length);
    }
    if (work >= BLOCK_WORK || count == 0) {
      openBlock();
    }
    work += itemWork;
    int at = count++ * FIELDS;
    items[at] = sequence;
    items[at + 1] = kvHead;
    items[at + 2] = from;
    items[at + 3] = to;
  }

  private void openBlock() {
    if (blockCount + 1 == blocks.length) {
      blocks = Arrays.copyOf(blocks, 2 * blocks.length);
    }
    blocks[blockCount++] = count;
    work = 0;
  }

  private AttentionItems finish() {
    blocks[blockCount] = count;
    return this;
  }

  /** Number of items. */
  int count() {
    return count;
  }

  /** Number of blocks. */
  int blocks() {
    return blockCount;
  }

  /** The first item of a block; that of one past the last block is one past the last item. */
  int firstItem(int block) {
    return blocks[block];
  }

  int sequence(int item) {
    return items[item * FIELDS];
  }

  int kvHead(int item) {
    return items[item * FIELDS + 1];
  }

  int from(int item) {
    return items[item * FIELDS + 2];
  }

  int to(int item) {
    return items[item * FIELDS + 3];
  }
}
