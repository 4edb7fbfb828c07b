package dev.hone.train.inspect;

import java.util.Arrays;

/**
 * Which rows have the same text as an earlier one, ignoring case and spacing.
 *
 * <p>Implementation note: a hash table of row numbers, by hashes of 64 bits; equal hashes are checked by the texts.
 */
final class Copies {
  /** What a row is compared by. */
  interface Texts {
    /** The text of a row. */
    String of(int row);
  }

  private final int[] first;
  private final int[] leak;

  /**
   * Finds them.
   *
   * @param keys the hash of each row's text; rows with key 0 are left out
   * @param trained rows below this number are compared with each other, those from it on with the former
   */
  Copies(long[] keys, int trained, Texts texts) {
    int n = keys.length;
    first = new int[trained];
    leak = new int[n - trained];
    Arrays.fill(first, -1);
    Arrays.fill(leak, -1);
    int size = Integer.highestOneBit(Math.max(8, trained)) * 4;
    int[] slots = new int[size > 0 ? size : 1 << 30];
    Arrays.fill(slots, -1);
    int mask = slots.length - 1;
    for (int row = 0; row < n; row++) {
      if (keys[row] == 0) {
        continue;
      }
      int at = (int) keys[row] & mask;
      while (slots[at] >= 0 && !(keys[slots[at]] == keys[row] && Shingles.same(texts.of(slots[at]), texts.of(row)))) {
        at = at + 1 & mask;
      }
      if (row >= trained) {
        leak[row - trained] = slots[at];
      } else if (slots[at] >= 0) {
        first[row] = slots[at];
      } else {
        slots[at] = row;
      }
    }
  }

  /** The first row with the text of a row to train on, if that is an earlier one; else -1. */
  int earlier(int row) {
    return first[row];
  }

  /** The first row to train on with the text of a held-out row; -1 if there is none. */
  int trained(int heldOut) {
    return leak[heldOut - first.length];
  }
}
