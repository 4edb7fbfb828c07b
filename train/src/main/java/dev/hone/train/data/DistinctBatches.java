package dev.hone.train.data;

import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Batches in which nothing occurs twice: a row that shares a key with one of the batch waits for a later batch. Every epoch is
 * another permutation, a function of seed and epoch alone.
 *
 * @param lengths the number of tokens of each row
 * @param keys what a row consists of, such as the numbers of its texts
 * @param batchSize the most rows in a batch
 * @param maxTokens the most tokens in a batch, or {@link BatchSampler#NO_LIMIT}
 * @param least rows that a batch must have to be of use; smaller ones are left out, unless there are no others
 * @param seed another seed gives other permutations
 */
public record DistinctBatches(int[] lengths, int[][] keys, int batchSize, int maxTokens, int least, long seed)
    implements Batches {
  /** Names the stream of random numbers that orders the rows. */
  private static final long ROWS = 0x64697374696E6374L;
  /** How many times the batch size of waiting rows are looked at for one batch, so that many equal rows cost no more. */
  private static final int LOOK = 64;

  /** Checks sizes. */
  public DistinctBatches {
    if (lengths.length != keys.length || batchSize < 1 || maxTokens < 1) {
      throw new IllegalArgumentException("DistinctBatches: " + lengths.length + " rows, " + keys.length
          + " lists of keys, batch size "
          + batchSize + ", token budget " + maxTokens);
    }
    for (int i = 0; i < lengths.length; i++) {
      if (lengths[i] > maxTokens) {
        throw new IllegalArgumentException("DistinctBatches: row " + i + " has " + lengths[i] + " tokens, a batch holds up to "
            + maxTokens + "; lower the maximum length or raise the token budget");
      }
    }
  }

  @Override
  public List<int[]> epoch(int epoch) {
    int[] order = new Philox(seed, Philox.stream(ROWS, epoch)).permutation(lengths.length);
    int[] next = new int[order.length + 1]; // a list of what waits: position p is followed by next[p]; 0 is its head
    for (int p = 0; p < order.length; p++) {
      next[p] = p + 1;
    }
    next[order.length] = -1;
    List<int[]> batches = new ArrayList<>();
    while (next[0] > 0) {
      batches.add(take(order, next));
    }
    List<int[]> useful = batches.stream().filter(batch -> batch.length >= least).toList();
    return useful.isEmpty() ? batches : useful;
  }

  /** The first rows that wait and fit together; they leave the list. */
  private int[] take(int[] order, int[] next) {
    int[] batch = new int[Math.min(batchSize, order.length)];
    Set<Integer> seen = new HashSet<>();
    long tokens = 0;
    int size = 0;
    int looks = (int) Math.min((long) LOOK * batchSize, Integer.MAX_VALUE);
    for (int before = 0; next[before] > 0 && size < batch.length && looks > 0; looks--) {
      int at = next[before];
      int row = order[at - 1];
      boolean fits = size == 0 || tokens + lengths[row] <= maxTokens;
      for (int i = 0; i < keys[row].length && fits; i++) {
        fits = !seen.contains(keys[row][i]);
      }
      if (fits) {
        for (int key : keys[row]) {
          seen.add(key);
        }
        batch[size++] = row;
        tokens += lengths[row];
        next[before] = next[at];
      } else {
        before = at;
      }
    }
    return Arrays.copyOf(batch, size);
  }
}
