package dev.hone.nn;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import java.util.Arrays;

/**
 * Room for the keys and values of many sequences, in pages of {@value #SIZE} tokens that are counted by their users: sequences
 * come
 * and go without copies, and several may have the same beginning. A page is a place in every layer. Not thread-safe.
 *
 * <p>Implementation note: a layer has one tensor for keys and one for values, made when the layer first writes. They grow by half
 * until the limit, so that a server which is asked little holds little.
 */
public final class KvPages {
  /** Tokens of a page. */
  public static final int SIZE = 16;

  private final Tensor[] keys;
  private final Tensor[] values;
  private final int limit;
  private int capacity; // pages that there is memory for
  private int[] users; // of each page
  private int[] free; // pages that nobody uses, a stack
  private int freeCount;

  /**
   * Empty pages.
   *
   * @param layers L
   * @param pages that there is memory for at first, at least 1
   * @param limit the most there may be
   */
  public KvPages(int layers, int pages, int limit) {
    if (pages < 1 || limit < pages) {
      throw new IllegalArgumentException("KvPages: from " + pages + " to " + limit + " pages");
    }
    this.keys = new Tensor[layers];
    this.values = new Tensor[layers];
    this.limit = limit;
    this.users = new int[0];
    this.free = new int[0];
    grow(pages);
  }

  private void grow(int pages) {
    users = Arrays.copyOf(users, pages);
    free = Arrays.copyOf(free, pages);
    for (int page = pages - 1; page >= capacity; page--) {
      free[freeCount++] = page; // the first ones are on top
    }
    capacity = pages;
  }

  /** How many pages so many tokens take. */
  public static int needed(int tokens) {
    return (tokens + SIZE - 1) / SIZE;
  }

  /** Number of layers, L. */
  public int layers() {
    return keys.length;
  }

  /** Pages that somebody uses. */
  public int used() {
    return capacity - freeCount;
  }

  /** Pages that can still be taken. */
  public int left() {
    return limit - used();
  }

  /** Takes a page that nobody uses. */
  int take() {
    if (freeCount == 0) {
      if (capacity == limit) {
        throw new IllegalStateException("KvPages: all " + limit + " pages are in use");
      }
      grow((int) Math.min(limit, capacity + Math.max(1L, capacity / 2)));
    }
    int page = free[--freeCount];
    users[page] = 1;
    return page;
  }

  /** Takes a page that nobody uses and puts there what another has in every layer. */
  int copy(int page) {
    int taken = take();
    for (int l = 0; l < keys.length; l++) {
      if (keys[l] != null) {
        keys[l] = copied(keys[l], page, taken);
        values[l] = copied(values[l], page, taken);
      }
    }
    return taken;
  }

  private Tensor copied(Tensor stored, int from, int to) {
    Tensor all = room(stored, Columns.of(stored));
    all.slice(to * SIZE, (to + 1) * SIZE).copyFrom(all.slice(from * SIZE, (from + 1) * SIZE));
    return all;
  }

  /** Counts another user of pages. */
  public void share(int[] pages) {
    for (int page : pages) {
      if (users[page] == 0) {
        throw new IllegalStateException("KvPages: page " + page + " is nobody's");
      }
      users[page]++;
    }
  }

  /** Counts a user of pages less; those without one are free. */
  public void release(int[] pages) {
    for (int page : pages) {
      if (users[page] == 0) {
        throw new IllegalStateException("KvPages: page " + page + " is nobody's");
      }
      if (--users[page] == 0) {
        free[freeCount++] = page;
      }
    }
  }

  /** The keys of a layer, [rows, width], with room for all pages; the first ones say how wide they are, and on which device. */
  Tensor keys(int layer, Columns first) {
    return keys[layer] = room(keys[layer], first);
  }

  /** The values of a layer. */
  Tensor values(int layer, Columns first) {
    return values[layer] = room(values[layer], first);
  }

  private Tensor room(Tensor now, Columns first) {
    int rows = Math.multiplyExact(capacity, SIZE);
    if (now != null && now.dim(0) >= rows) {
      return now;
    }
    Tensor more = Tensor.persistent(first.tensor().device(), Shape.of(rows, first.width()));
    if (now != null) {
      more.slice(0, now.dim(0)).copyFrom(now);
    }
    return more;
  }

  /** Bytes that keys and values take. */
  public long bytes() {
    long bytes = 0;
    for (int l = 0; l < keys.length; l++) {
      bytes += keys[l] == null ? 0 : keys[l].bytes() + values[l].bytes();
    }
    return bytes;
  }
}
