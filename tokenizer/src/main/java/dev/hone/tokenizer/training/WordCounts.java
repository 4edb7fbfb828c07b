package dev.hone.tokenizer.training;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.lookup.Hash;
import java.util.Arrays;

/**
 * How often each distinct word occurs. This is all that is kept of the text, so memory grows with the number of
 * distinct words: their characters, and 24 bytes a word.
 */
final class WordCounts {
  private char[] arena = new char[1 << 16];
  private int[] starts = new int[1 << 12];
  private long[] counts = new long[1 << 12];
  private int[] hashes = new int[1 << 12];
  private int[] table = new int[1 << 13];
  private int size;

  /** Number of distinct words. */
  int size() {
    return size;
  }

  /** Occurrences of word i. */
  long count(int i) {
    return counts[i];
  }

  /** First character of word i in {@link #chars}; that of word i + 1 is where it ends. */
  int start(int i) {
    return starts[i];
  }

  /** All words one after the other. */
  char[] chars() {
    return arena;
  }

  /** Counts the word text[from, to) n times more. */
  void add(char[] text, int from, int to, long n) {
    int hash = Hash.of(text, from, to);
    int mask = table.length - 1;
    int slot = hash & mask;
    for (int entry; (entry = table[slot]) != 0; slot = slot + 1 & mask) {
      int word = entry - 1;
      if (hashes[word] == hash && Arrays.equals(arena, starts[word], starts[word + 1], text, from, to)) {
        counts[word] += n;
        return;
      }
    }
    table[slot] = size + 1;
    append(hash, text, from, to, n);
    if (2 * size > table.length) {
      rehash();
    }
  }

  /** Counts all words of another instance. */
  void addAll(WordCounts other) {
    for (int i = 0; i < other.size; i++) {
      add(other.arena, other.starts[i], other.starts[i + 1], other.counts[i]);
    }
  }

  private void append(int hash, char[] text, int from, int to, long n) {
    int start = starts[size];
    long end = (long) start + to - from;
    if (end > Integer.MAX_VALUE - 8 || size > 1 << 29) {
      throw new TokenizerException("tokenizer training: the distinct words of this text have more than 2^31 characters; "
          + "train on less text");
    }
    if (end > arena.length) {
      arena = Arrays.copyOf(arena, (int) Math.min(Integer.MAX_VALUE - 8, Math.max(end, 2L * arena.length)));
    }
    System.arraycopy(text, from, arena, start, to - from);
    if (size + 2 > starts.length) {
      starts = Arrays.copyOf(starts, 2 * starts.length);
      counts = Arrays.copyOf(counts, starts.length);
      hashes = Arrays.copyOf(hashes, starts.length);
    }
    hashes[size] = hash;
    counts[size] = n;
    starts[++size] = (int) end;
  }

  private void rehash() {
    table = new int[2 * table.length];
    int mask = table.length - 1;
    for (int i = 0; i < size; i++) {
      int slot = hashes[i] & mask;
      while (table[slot] != 0) {
        slot = slot + 1 & mask;
      }
      table[slot] = i + 1;
    }
  }
}
