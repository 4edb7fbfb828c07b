package dev.hone.tokenizer.training;

import dev.hone.tokenizer.lookup.Hash;
import java.util.Arrays;

/** How often two symbols stand side by side. Each pair met has a number, from 0 in order of appearance. */
final class PairCounts {
  private int[] table = new int[1 << 15];
  private long[] pairs = new long[1 << 14];
  private long[] counts = new long[1 << 14];
  private int size;

  static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  static int left(long pair) {
    return (int) (pair >>> 32);
  }

  static int right(long pair) {
    return (int) pair;
  }

  int size() {
    return size;
  }

  long pair(int number) {
    return pairs[number];
  }

  long count(int number) {
    return counts[number];
  }

  /** Counts a pair n times more; returns its number. */
  int add(long pair, long n) {
    int mask = table.length - 1;
    int slot = Hash.of(pair) & mask;
    for (int entry; (entry = table[slot]) != 0; slot = slot + 1 & mask) {
      if (pairs[entry - 1] == pair) {
        counts[entry - 1] += n;
        return entry - 1;
      }
    }
    if (size == pairs.length) {
      pairs = Arrays.copyOf(pairs, 2 * size);
      counts = Arrays.copyOf(counts, 2 * size);
    }
    pairs[size] = pair;
    counts[size] = n;
    table[slot] = ++size;
    if (2 * size > table.length) {
      rehash();
    }
    return size - 1;
  }

  private void rehash() {
    table = new int[2 * table.length];
    int mask = table.length - 1;
    for (int i = 0; i < size; i++) {
      int slot = Hash.of(pairs[i]) & mask;
      while (table[slot] != 0) {
        slot = slot + 1 & mask;
      }
      table[slot] = i + 1;
    }
  }
}
