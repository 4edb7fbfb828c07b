package dev.hone.core.kernel.loops;

/**
 * Which keys a query of one sequence sees. Query i stands at position i + keys - queries, so the last query stands at the
 * last key. The keys that a query sees are a run, and both its bounds grow with the query; the same holds the other way
 * round, which is what lets whole tiles be skipped by looking at their corners.
 *
 * @param queries number of queries of the sequence
 * @param keys number of its keys
 * @param causal whether later keys are hidden
 * @param window keys at this distance or more are hidden
 */
public record Visibility(int queries, int keys, boolean causal, int window) {
  /** The first key that {@code query} sees; meaningful if {@link #endKey} is above it. */
  public int firstKey(int query) {
    return (int) Math.max(0, (long) query + keys - queries - window + 1);
  }

  /** One past the last key that {@code query} sees. */
  public int endKey(int query) {
    long position = (long) query + keys - queries;
    return clamp(causal ? position + 1 : position + window, keys);
  }

  /** The first query that sees {@code key}; meaningful if {@link #endQuery} is above it. */
  public int firstQuery(int key) {
    long position = causal ? key : (long) key - window + 1;
    return clamp(position - keys + queries, queries);
  }

  /** One past the last query that sees {@code key}. */
  public int endQuery(int key) {
    return clamp((long) key + window - keys + queries, queries);
  }

  private static int clamp(long value, int bound) {
    return (int) Math.clamp(value, 0L, bound);
  }
}
