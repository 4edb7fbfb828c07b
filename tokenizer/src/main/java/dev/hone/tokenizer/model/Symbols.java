package dev.hone.tokenizer.model;

import dev.hone.tokenizer.tokens.TokenBuffer;
import java.util.Arrays;

/**
 * The symbols of one word while BPE merges them. Short words look through all pairs for the earliest
 * merge; long ones keep the pairs in a heap and the symbols in a linked list, so that time stays
 * n log n. Both give the same result: always the pair of lowest rank, of equal ones the leftmost.
 */
final class Symbols {
  private static final int SHORT = 40;
  private static final int KEEP = 1 << 16;
  private static final int NOBODY = -1;
  private static final int NO_RANK = Integer.MAX_VALUE;

  private int[] ids = new int[SHORT];
  private int[] starts = new int[SHORT];
  private int[] ends = new int[SHORT];
  // Rank of the pair of symbol i and the next, and the token the two become.
  private int[] ranks = new int[SHORT];
  private int[] merged = new int[SHORT];
  private int[] next = new int[0];
  private int[] previous = new int[0];
  private long[] heap = new long[0];
  private int heapSize;
  private int count;

  void clear() {
    count = 0;
  }

  int count() {
    return count;
  }

  void add(int id, int start, int end) {
    if (count == ids.length) {
      int size = 2 * count;
      ids = Arrays.copyOf(ids, size);
      starts = Arrays.copyOf(starts, size);
      ends = Arrays.copyOf(ends, size);
      ranks = Arrays.copyOf(ranks, size);
      merged = Arrays.copyOf(merged, size);
    }
    ids[count] = id;
    starts[count] = start;
    ends[count++] = end;
  }

  /** Merges until no pair merges any more. */
  void merge(MergeTable merges) {
    if (count < 2) {
      return;
    }
    for (int i = 0; i + 1 < count; i++) {
      rank(i, i + 1, merges);
    }
    ranks[count - 1] = NO_RANK;
    if (count <= SHORT) {
      mergeShort(merges);
    } else {
      mergeLong(merges);
    }
  }

  private void rank(int left, int right, MergeTable merges) {
    long found = merges.find(ids[left], ids[right]);
    if (found == MergeTable.NONE) {
      ranks[left] = NO_RANK;
    } else {
      ranks[left] = (int) (found >>> 32);
      merged[left] = (int) found;
    }
  }

  private void mergeShort(MergeTable merges) {
    while (true) {
      int best = NO_RANK;
      int at = NOBODY;
      for (int i = 0; i + 1 < count; i++) {
        if (ranks[i] < best) {
          best = ranks[i];
          at = i;
        }
      }
      if (at == NOBODY) {
        return;
      }
      ids[at] = merged[at];
      ends[at] = ends[at + 1];
      int rest = count - at - 2;
      System.arraycopy(ids, at + 2, ids, at + 1, rest);
      System.arraycopy(starts, at + 2, starts, at + 1, rest);
      System.arraycopy(ends, at + 2, ends, at + 1, rest);
      System.arraycopy(ranks, at + 2, ranks, at + 1, rest);
      System.arraycopy(merged, at + 2, merged, at + 1, rest);
      count--;
      if (at + 1 < count) {
        rank(at, at + 1, merges);
      } else {
        ranks[at] = NO_RANK;
      }
      if (at > 0) {
        rank(at - 1, at, merges);
      }
    }
  }

  private void mergeLong(MergeTable merges) {
    int n = count;
    if (next.length < n) {
      next = new int[ids.length];
      previous = new int[ids.length];
      heap = new long[ids.length];
    }
    heapSize = 0;
    for (int i = 0; i < n; i++) {
      previous[i] = i - 1;
      next[i] = i + 1 < n ? i + 1 : NOBODY;
      if (ranks[i] != NO_RANK) {
        heap[heapSize++] = entry(i);
      }
    }
    for (int i = heapSize / 2 - 1; i >= 0; i--) {
      sink(i, heap[i]);
    }
    while (heapSize > 0) {
      long top = pop();
      int at = (int) top;
      // A rank that has changed since, or a symbol that was swallowed, makes an entry void.
      if (ranks[at] != (int) (top >>> 32)) {
        continue;
      }
      int right = next[at];
      ids[at] = merged[at];
      ends[at] = ends[right];
      ranks[right] = NO_RANK;
      int after = next[at] = next[right];
      if (after != NOBODY) {
        previous[after] = at;
        rank(at, after, merges);
        push(at);
      } else {
        ranks[at] = NO_RANK;
      }
      int before = previous[at];
      if (before != NOBODY) {
        rank(before, at, merges);
        push(before);
      }
    }
    int kept = 0;
    for (int i = 0; i != NOBODY; i = next[i]) {
      ids[kept] = ids[i];
      starts[kept] = starts[i];
      ends[kept++] = ends[i];
    }
    count = kept;
  }

  private long entry(int i) {
    return (long) ranks[i] << 32 | i;
  }

  private void push(int i) {
    if (ranks[i] == NO_RANK) {
      return;
    }
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heapSize + (heapSize >> 1));
    }
    long entry = entry(i);
    int child = heapSize++;
    while (child > 0) {
      int parent = child - 1 >>> 1;
      if (heap[parent] <= entry) {
        break;
      }
      heap[child] = heap[parent];
      child = parent;
    }
    heap[child] = entry;
  }

  private long pop() {
    long top = heap[0];
    long last = heap[--heapSize];
    if (heapSize > 0) {
      sink(0, last);
    }
    return top;
  }

  private void sink(int from, long entry) {
    int i = from;
    int half = heapSize >>> 1;
    while (i < half) {
      int child = 2 * i + 1;
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= entry) {
        break;
      }
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = entry;
  }

  /** Appends what is left. */
  void addTo(TokenBuffer out) {
    for (int i = 0; i < count; i++) {
      out.add(ids[i], starts[i], ends[i]);
    }
  }

  /** Gives back what a long word made grow. */
  void shrink() {
    if (ids.length <= KEEP) {
      return;
    }
    ids = new int[SHORT];
    starts = new int[SHORT];
    ends = new int[SHORT];
    ranks = new int[SHORT];
    merged = new int[SHORT];
    next = new int[0];
    previous = new int[0];
    heap = new long[0];
    count = 0;
  }
}
