package dev.hone.tokenizer.model;

import dev.hone.tokenizer.lookup.Hash;
import java.util.Arrays;

/** Which two tokens merge into which, and how early. */
final class MergeTable {
  /** Answer of {@link #find} for a pair that does not merge. */
  static final long NONE = -1;

  // Pairs and answers alternate, so that a look-up touches one cache line.
  private final long[] table;
  private final int mask;

  /** A table for n merges, given in order by {@link #put}. */
  MergeTable(int n) {
    int size = Integer.highestOneBit(Math.max(8, n + n / 2)) << 1;
    table = new long[2 * size];
    Arrays.fill(table, NONE);
    mask = size - 1;
  }

  /** Adds a merge; a later one of the same pair replaces an earlier. */
  void put(int left, int right, int rank, int merged) {
    long pair = pair(left, right);
    int slot = Hash.of(pair) & mask;
    while (table[2 * slot] != NONE && table[2 * slot] != pair) {
      slot = slot + 1 & mask;
    }
    table[2 * slot] = pair;
    table[2 * slot + 1] = (long) rank << 32 | merged;
  }

  /** Rank in the upper half (lower is earlier), merged token in the lower; {@link #NONE} if none. */
  long find(int left, int right) {
    long pair = pair(left, right);
    for (int slot = Hash.of(pair) & mask; ; slot = slot + 1 & mask) {
      long found = table[2 * slot];
      if (found == pair) {
        return table[2 * slot + 1];
      }
      if (found == NONE) {
        return NONE;
      }
    }
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }
}
