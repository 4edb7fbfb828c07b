package dev.hone.core.kernel;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;

/**
 * Keys and values that lie in pages: those of key j of sequence s are in row {@code pages[s][j / size] · size + j % size}.
 * Sequences
 * may share pages.
 *
 * @param keys [rows, G · D]
 * @param values [rows, G · D]
 * @param pages numbers of the pages of each sequence, at least as many as its keys need
 * @param size keys of a page
 */
public record KeyPages(Tensor keys, Tensor values, int[][] pages, int size) {
  public KeyPages {
    if (!keys.shape().equals(values.shape()) || size < 1) {
      throw new ShapeException("pages of " + size + ": keys are " + keys.shape() + ", values " + values.shape());
    }
  }

  /** The row of a key. */
  public int row(int sequence, int key) {
    return pages[sequence][key / size] * size + key % size;
  }

  /** How many of {@code count} keys lie row by row behind each other, from {@code key} on. */
  public int run(int sequence, int key, int count) {
    int[] table = pages[sequence];
    int page = key / size;
    int run = size - key % size;
    while (run < count && table[page + 1] == table[page] + 1) {
      page++;
      run += size;
    }
    return Math.min(run, count);
  }
}
