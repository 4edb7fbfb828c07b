package dev.hone.tokenizer.lookup;

import java.util.Arrays;

/**
 * A prefix tree over UTF-16 units that maps strings to ids. The edges of all nodes lie in one
 * open-addressing table keyed by (node, character): a step costs one probe and the tree a few bytes an
 * edge, however wide a node is.
 */
public final class CharTrie {
  /** The node every walk starts at. */
  public static final int ROOT = 0;
  /** Answer of {@link #step} and {@link #id} for "none". */
  public static final int NONE = -1;

  private long[] keys = new long[1 << 10];
  private int[] targets = new int[1 << 10];
  private int[] ids = new int[1 << 9];
  private int nodes = 1;

  /** An empty tree. */
  public CharTrie() {
    ids[ROOT] = NONE;
  }

  /** Maps text[from..] to an id; a later one replaces an earlier. */
  public void put(String text, int from, int id) {
    int node = path(text, from); // first: it may replace the array
    ids[node] = id;
  }

  /** Maps text to an id, unless it has one. */
  public void putIfAbsent(String text, int id) {
    int node = path(text, 0);
    if (ids[node] == NONE) {
      ids[node] = id;
    }
  }

  /** The node that text leads to, made if need be. */
  private int path(String text, int from) {
    int node = ROOT;
    for (int i = from; i < text.length(); i++) {
      node = child(node, text.charAt(i));
    }
    return node;
  }

  /** The node a character leads to, or {@link #NONE}. */
  public int step(int node, char c) {
    long key = key(node, c);
    int mask = keys.length - 1;
    for (int slot = Hash.of(key) & mask; ; slot = slot + 1 & mask) {
      long found = keys[slot];
      if (found == key) {
        return targets[slot];
      }
      if (found == 0) {
        return NONE;
      }
    }
  }

  /** The id of the string that ends at a node, or {@link #NONE}. */
  public int id(int node) {
    return ids[node];
  }

  // Never 0, which marks a free slot.
  private static long key(int node, char c) {
    return (long) (node + 1) << 16 | c;
  }

  private int child(int node, char c) {
    int next = step(node, c);
    if (next != NONE) {
      return next;
    }
    if (2 * nodes >= keys.length) {
      rehash();
    }
    if (nodes == ids.length) {
      ids = Arrays.copyOf(ids, 2 * nodes);
    }
    ids[nodes] = NONE;
    insert(key(node, c), nodes);
    return nodes++;
  }

  private void insert(long key, int target) {
    int mask = keys.length - 1;
    int slot = Hash.of(key) & mask;
    while (keys[slot] != 0) {
      slot = slot + 1 & mask;
    }
    keys[slot] = key;
    targets[slot] = target;
  }

  private void rehash() {
    long[] oldKeys = keys;
    int[] oldTargets = targets;
    keys = new long[2 * oldKeys.length];
    targets = new int[keys.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        insert(oldKeys[i], oldTargets[i]);
      }
    }
  }
}
