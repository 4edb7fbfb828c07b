package dev.hone.train.data;

import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which rows make up each batch of an epoch, from the rows' lengths in tokens. Batches are ragged: a batch costs the
 * tokens it holds and no padding.
 *
 * <p>Every epoch is a new permutation of all rows, a function of seed and epoch alone, so that a resumed run goes on
 * with the same batches. With {@code groupByLength} the permutation is cut into buckets of many batches, the rows of a
 * bucket are sorted by length, and the batches of all buckets are shuffled: rows of a batch are about equally long, which
 * fills a token budget well, and yet who meets whom, and when, changes from epoch to epoch. The rows of a last batch that
 * is not full are drawn before the sorting, so that they are not always the shortest.
 *
 * @param lengths the number of tokens of each row, 1 or more
 * @param batchSize the most rows in a batch
 * @param maxTokens the most tokens in a batch
 * @param groupByLength whether rows of similar length go together
 * @param seed another seed gives other permutations
 */
public record BatchSampler(int[] lengths, int batchSize, int maxTokens, boolean groupByLength, long seed) implements Batches {
  /** A limit that never binds. */
  public static final int NO_LIMIT = Integer.MAX_VALUE;

  /** Names the stream of random numbers that orders the rows. */
  private static final long ROWS = 0x726F7773L;
  /** Names the stream of random numbers that orders the batches. */
  private static final long BATCHES = 0x62617463686573L;
  /** A bucket has this many batches, or a quarter of the epoch's if that is less: sorted well, but still mixed. */
  private static final int BUCKET_BATCHES = 50;

  /** Throws {@link IllegalArgumentException} for a limit below 1 or a row that does not fit the token budget. */
  public BatchSampler {
    if (batchSize < 1 || maxTokens < 1) {
      throw new IllegalArgumentException("BatchSampler: batch size and token budget must be 1 or more, got " + batchSize
          + " and " + maxTokens);
    }
    for (int i = 0; i < lengths.length; i++) {
      if (lengths[i] < 1 || lengths[i] > maxTokens) {
        throw new IllegalArgumentException("BatchSampler: row " + i + " has " + lengths[i] + " tokens, a batch holds 1 to "
            + maxTokens + "; lower the maximum length or raise the token budget");
      }
    }
    lengths = lengths.clone();
  }

  /** Batches of {@code batchSize} rows, grouped by length. */
  public static BatchSampler ofRows(int[] lengths, int batchSize, long seed) {
    return new BatchSampler(lengths, batchSize, NO_LIMIT, true, seed);
  }

  /** Batches of at most {@code maxTokens} tokens, grouped by length. */
  public static BatchSampler ofTokens(int[] lengths, int maxTokens, long seed) {
    return new BatchSampler(lengths, NO_LIMIT, maxTokens, true, seed);
  }

  /** The batches of epoch {@code epoch}, counted from 0: row numbers; every row occurs once. */
  @Override
  public List<int[]> epoch(int epoch) {
    int[] order = new Philox(seed, Philox.stream(ROWS, epoch)).permutation(lengths.length);
    List<int[]> batches = new ArrayList<>();
    if (!groupByLength) {
      cut(order, batches);
      return batches;
    }
    int rows = (int) Math.clamp(maxTokens / Math.max(1.0, meanLength()), 1, Math.min(batchSize, Math.max(1, lengths.length)));
    int bucket = rows * Math.clamp(lengths.length / (4L * rows), 1, BUCKET_BATCHES);
    int tail = maxTokens == NO_LIMIT ? lengths.length % rows : 0;
    cut(Arrays.copyOf(order, tail), batches);
    for (int from = tail; from < order.length; from += bucket) {
      int[] sorted = byLength(order, from, Math.min(order.length, from + bucket));
      // A token budget leaves a batch that is not full at one end of each bucket: of long rows as often as of short ones.
      if (new Philox(seed, Philox.stream(ROWS, epoch, from)).below(0, 2) == 1) {
        reverse(sorted);
      }
      cut(sorted, batches);
    }
    List<int[]> shuffled = new ArrayList<>(batches.size());
    for (int b : new Philox(seed, Philox.stream(BATCHES, epoch)).permutation(batches.size())) {
      shuffled.add(batches.get(b));
    }
    return shuffled;
  }

  /** The number of batches of the first {@code epochs} epochs together: the steps a schedule has to span. */
  public long batches(int epochs) {
    if (maxTokens == NO_LIMIT) {
      return Math.ceilDiv(lengths.length, batchSize) * (long) epochs;
    }
    long sum = 0;
    for (int e = 0; e < epochs; e++) {
      sum += epoch(e).size();
    }
    return sum;
  }

  /** The batches of one pass in the order of the rows, for evaluation. */
  public List<int[]> inOrder() {
    int[] order = new int[lengths.length];
    Arrays.setAll(order, i -> i);
    List<int[]> batches = new ArrayList<>();
    cut(order, batches);
    return batches;
  }

  private double meanLength() {
    return Arrays.stream(lengths).average().orElse(1);
  }

  private void cut(int[] order, List<int[]> batches) {
    int from = 0;
    long tokens = 0;
    for (int i = 0; i < order.length; i++) {
      if (i - from == batchSize || tokens + lengths[order[i]] > maxTokens) {
        batches.add(Arrays.copyOfRange(order, from, i));
        from = i;
        tokens = 0;
      }
      tokens += lengths[order[i]];
    }
    if (from < order.length) {
      batches.add(Arrays.copyOfRange(order, from, order.length));
    }
  }

  /** Rows {@code order[from..to)} from short to long; equal ones stay in the order of the permutation. */
  private int[] byLength(int[] order, int from, int to) {
    long[] keys = new long[to - from];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = (long) lengths[order[from + i]] << 32 | i;
    }
    Arrays.sort(keys);
    int[] sorted = new int[keys.length];
    for (int i = 0; i < keys.length; i++) {
      sorted[i] = order[from + (int) keys[i]];
    }
    return sorted;
  }

  private static void reverse(int[] rows) {
    for (int i = 0, j = rows.length - 1; i < j; i++, j--) {
      int swap = rows[i];
      rows[i] = rows[j];
      rows[j] = swap;
    }
  }
}
