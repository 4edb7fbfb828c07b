package dev.hone.tokenizer.model;

import dev.hone.tokenizer.lookup.Hash;
import dev.hone.tokenizer.tokens.TokenBuffer;
import java.util.Arrays;

/**
 * Tokens of words met before. Words repeat so often that most text is tokenized by looking it up here.
 *
 * <p>Belongs to one thread at a time, so it needs no lock. Keys lie in one character array, results in
 * one integer array; when either the words or the room is used up, everything is forgotten: simpler
 * than picking victims, and the frequent words are back within a page of text.
 */
final class WordCache {
  private static final int MAX_WORD = 48;
  private static final int SLOTS = 1 << 16;
  private static final int MAX_WORDS = SLOTS / 2;
  private static final int MAX_CHARS = 1 << 19;
  private static final int MAX_RESULTS = 1 << 18;

  // One slot: hash, key position, result position, key length << 16 | number of tokens.
  private int[] slots = new int[4 << 8];
  private char[] keys = new char[1 << 10];
  private int[] results = new int[1 << 10];
  private int words;
  private int usedKeys;
  private int usedResults;

  /** Appends the tokens of text[from, to), from memory or from the model. */
  void tokenize(Model model, char[] text, int from, int to, Workbench bench, TokenBuffer out) {
    int length = to - from;
    if (length > MAX_WORD) {
      model.tokenize(text, from, to, bench, out);
      return;
    }
    int hash = Hash.of(text, from, to);
    int mask = (slots.length >> 2) - 1;
    for (int slot = hash & mask; ; slot = slot + 1 & mask) {
      int at = slot << 2;
      int shape = slots[at + 3];
      if (shape == 0) {
        break;
      }
      if (slots[at] == hash && shape >>> 16 == length && same(slots[at + 1], text, from, length)) {
        recall(slots[at + 2], shape & 0xFFFF, from, out);
        return;
      }
    }
    int mark = out.count;
    model.tokenize(text, from, to, bench, out);
    remember(hash, text, from, to, mark, out);
  }

  private boolean same(int key, char[] text, int from, int length) {
    char[] k = keys;
    for (int i = 0; i < length; i++) {
      if (k[key + i] != text[from + i]) {
        return false;
      }
    }
    return true;
  }

  private void recall(int at, int tokens, int from, TokenBuffer out) {
    int n = out.count;
    out.reserve(n + tokens);
    int[] r = results;
    for (int i = 0; i < tokens; i++, at += 2, n++) {
      int span = r[at + 1];
      out.ids[n] = r[at];
      out.starts[n] = from + (span >>> 16);
      out.ends[n] = from + (span & 0xFFFF);
    }
    out.count = n;
  }

  private void remember(int hash, char[] text, int from, int to, int mark, TokenBuffer out) {
    int tokens = out.count - mark;
    int length = to - from;
    if (words == MAX_WORDS || usedKeys + length > MAX_CHARS || usedResults + 2 * tokens > MAX_RESULTS) {
      forget();
    }
    if (2 * words >= slots.length >> 2) {
      rehash();
    }
    if (usedKeys + length > keys.length) {
      keys = Arrays.copyOf(keys, 2 * keys.length);
    }
    if (usedResults + 2 * tokens > results.length) {
      results = Arrays.copyOf(results, Math.max(2 * results.length, usedResults + 2 * tokens));
    }
    System.arraycopy(text, from, keys, usedKeys, length);
    place(slots, hash, usedKeys, usedResults, length << 16 | tokens);
    for (int i = mark; i < out.count; i++) {
      results[usedResults++] = out.ids[i];
      results[usedResults++] = out.starts[i] - from << 16 | out.ends[i] - from;
    }
    usedKeys += length;
    words++;
  }

  private static void place(int[] slots, int hash, int key, int result, int shape) {
    int mask = (slots.length >> 2) - 1;
    int slot = hash & mask;
    while (slots[(slot << 2) + 3] != 0) {
      slot = slot + 1 & mask;
    }
    int at = slot << 2;
    slots[at] = hash;
    slots[at + 1] = key;
    slots[at + 2] = result;
    slots[at + 3] = shape;
  }

  private void rehash() {
    int[] old = slots;
    int[] next = new int[2 * old.length];
    for (int at = 0; at < old.length; at += 4) {
      if (old[at + 3] != 0) {
        place(next, old[at], old[at + 1], old[at + 2], old[at + 3]);
      }
    }
    slots = next;
  }

  private void forget() {
    Arrays.fill(slots, 0);
    words = 0;
    usedKeys = 0;
    usedResults = 0;
  }
}
