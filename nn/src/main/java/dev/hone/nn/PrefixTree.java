package dev.hone.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sequences that begin alike, with what they share standing once: a tree whose nodes are runs of tokens. A token sees its own run
 * and those on the path to it, so that its hidden states are what they are in its sequence alone, and its gradients the sums over
 * all sequences that it stands in. For models in which a token sees only what comes before it.
 *
 * @param batch the runs as sequences, each behind the one that it continues; positions are those of the whole sequences
 * @param parents which run each one continues, or -1
 * @param rows where each of the N given tokens stands in the batch
 */
public record PrefixTree(TokenBatch batch, int[] parents, int[] rows) {
  /** Tokens of the shortest run that several sequences share: below it there is nothing to gain. */
  public static final int LEAST = 8;

  /**
   * Keys for runs of queries, one path behind the other.
   *
   * @param rows of the batch
   * @param offsets bounds of the paths among them
   */
  public record Keys(int[] rows, int[] offsets) {}

  /** The tree of a batch, or null if no two of its sequences begin alike. */
  public static PrefixTree of(TokenBatch batch) {
    Builder builder = new Builder(batch);
    List<Integer> all = new ArrayList<>();
    for (int s = 0; s < batch.sequences(); s++) {
      all.add(s);
    }
    builder.branch(all, 0, 0, -1);
    return builder.size == batch.size() ? null : builder.tree();
  }

  /**
   * What each run's queries see: the keys of its path and its own; nothing where it has no queries.
   *
   * @param queries bounds of the queries of the runs
   */
  public Keys keys(int[] queries) {
    int[] lengths = new int[parents.length]; // of the paths
    int size = 0;
    for (int run = 0; run < parents.length; run++) {
      lengths[run] = batch.offsets()[run + 1] - batch.offsets()[run] + (parents[run] < 0 ? 0 : lengths[parents[run]]);
      size += queries[run] < queries[run + 1] ? lengths[run] : 0;
    }
    int[] keys = new int[size];
    int[] offsets = new int[parents.length + 1];
    for (int run = 0; run < parents.length; run++) {
      offsets[run + 1] = offsets[run] + (queries[run] < queries[run + 1] ? lengths[run] : 0);
      int end = offsets[run + 1];
      for (int part = run; part >= 0 && end > offsets[run]; part = parents[part]) {
        for (int row = batch.offsets()[part + 1] - 1; row >= batch.offsets()[part]; row--) {
          keys[--end] = row;
        }
      }
    }
    return new Keys(keys, offsets);
  }

  private static final class Builder {
    private final TokenBatch batch;
    private final int[] rows;
    private final List<int[]> runs = new ArrayList<>(); // first and end row in the given batch, and the parent
    private int size;

    Builder(TokenBatch batch) {
      this.batch = batch;
      rows = new int[batch.size()];
    }

    /**
     * Cuts sequences that are alike up to {@code same}.
     *
     * @param from the first of their tokens that is in no run yet
     * @param parent the run before it
     */
    void branch(List<Integer> sequences, int from, int same, int parent) {
      int alike = sequences.size() == 1 ? length(sequences.getFirst()) : alike(sequences, same);
      boolean shared = sequences.size() == 1 || alike - from >= LEAST;
      int start = shared ? alike : from;
      int run = shared ? add(sequences, from, alike, parent) : parent;
      if (sequences.size() == 1) {
        return;
      }
      Map<List<Integer>, List<Integer>> ways = new LinkedHashMap<>();
      for (int s : sequences) {
        if (length(s) > alike) {
          int row = batch.offsets()[s] + alike;
          ways.computeIfAbsent(List.of(batch.tokens()[row], batch.positions()[row], type(row)), _ -> new ArrayList<>()).add(s);
        } else if (start < alike) {
          add(List.of(s), start, alike, run);
        }
      }
      ways.values().forEach(some -> branch(some, start, alike, run));
    }

    private int length(int s) {
      return batch.offsets()[s + 1] - batch.offsets()[s];
    }

    private int type(int row) {
      return batch.types() == null ? 0 : batch.types()[row];
    }

    private int alike(List<Integer> sequences, int same) {
      int first = batch.offsets()[sequences.getFirst()];
      int alike = length(sequences.getFirst());
      for (int s : sequences) {
        int at = batch.offsets()[s];
        alike = Math.min(alike, length(s));
        for (int i = same; i < alike; i++) {
          if (batch.tokens()[at + i] != batch.tokens()[first + i] || batch.positions()[at + i] != batch.positions()[first + i]
              || type(at + i) != type(first + i)) {
            alike = i;
          }
        }
      }
      return alike;
    }

    private int add(List<Integer> sequences, int from, int to, int parent) {
      if (from == to) {
        return parent;
      }
      int first = batch.offsets()[sequences.getFirst()];
      runs.add(new int[] {first + from, first + to, parent});
      for (int s : sequences) {
        for (int i = from; i < to; i++) {
          rows[batch.offsets()[s] + i] = size + i - from;
        }
      }
      size += to - from;
      return runs.size() - 1;
    }

    PrefixTree tree() {
      int[] offsets = new int[runs.size() + 1];
      int[] parents = new int[runs.size()];
      int[] tokens = new int[size];
      int[] positions = new int[size];
      int[] types = batch.types() == null ? null : new int[size];
      for (int run = 0; run < parents.length; run++) {
        int from = runs.get(run)[0];
        int length = runs.get(run)[1] - from;
        System.arraycopy(batch.tokens(), from, tokens, offsets[run], length);
        System.arraycopy(batch.positions(), from, positions, offsets[run], length);
        if (types != null) {
          System.arraycopy(batch.types(), from, types, offsets[run], length);
        }
        offsets[run + 1] = offsets[run] + length;
        parents[run] = runs.get(run)[2];
      }
      return new PrefixTree(new TokenBatch(tokens, positions, offsets, types), parents, Arrays.copyOf(rows, rows.length));
    }
  }
}
