package dev.hone.train.inspect;

import dev.hone.core.parallel.Workers;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * Which rows are much like another: rows to train on like an earlier one, held-out rows like one to train on. Pairs that meet in
 * a band of their {@link MinHash} and whose sketches agree are compared by their texts.
 *
 * <p>Implementation note: texts made from one form (an order, a log line) fill huge buckets without being near copies. So a
 * row is held against the nearest {@value #LOOK_BACK} before it in its bucket only, and of these the one whose sketch agrees
 * best is
 * compared by its text: at most one comparison a row and band, whatever the data.
 */
final class NearCopies {
  private static final int LOOK_BACK = 64;
  private static final int GRAIN = 1 << 14;

  private final int[] twin;
  private final int[] compared; // the last row that each was compared with
  private final float[] likeness;

  private NearCopies(int rows) {
    twin = new int[rows];
    compared = new int[rows];
    likeness = new float[rows];
    Arrays.fill(twin, -1);
    Arrays.fill(compared, -1);
  }

  /**
   * Finds them.
   *
   * @param scan the fingerprints
   * @param corpus the texts
   * @param counts rows that are looked at; the others are exact copies, or have no text
   * @param least the likeness from which on rows are near copies
   */
  static NearCopies find(Scan scan, Corpus corpus, IntPredicate counts, double least) {
    int n = corpus.size();
    NearCopies found = new NearCopies(n);
    int agreeing = MinHash.agreeing(least);
    long[] keys = new long[n];
    for (int band = 0; band < MinHash.BANDS; band++) {
      int used = 0;
      for (int row = 0; row < n; row++) {
        if (counts.test(row)) {
          keys[used++] = (long) scan.bands[band][row] << 32 | row;
        }
      }
      Arrays.sort(keys, 0, used);
      Workers.ranges(used, GRAIN, (from, to) -> {
        Shingles shingles = new Shingles();
        IntFunction<long[]> set = row -> shingles.set(RowText.of(corpus.row(row)).all());
        for (int i = from; i < to; i++) {
          found.look(keys, i, corpus.trained(), scan.sketch, agreeing, least, set);
        }
      });
    }
    return found;
  }

  /** Looks for a twin of the row at {@code at}, before it in its bucket. Each row is in a band once: nobody else writes it. */
  private void look(long[] keys, int at, int trained, long[] sketch, int agreeing, double least, IntFunction<long[]> set) {
    int row = (int) keys[at];
    if (twin[row] >= 0) {
      return;
    }
    long bucket = keys[at] >> 32;
    int from = at - 1;
    if (row >= trained) { // those to train on come first in a bucket
      int first = Arrays.binarySearch(keys, 0, at, bucket << 32 | trained);
      from = (first < 0 ? -first - 1 : first) - 1;
    }
    int best = -1;
    int most = agreeing - 1;
    for (int i = from; i >= Math.max(0, from - LOOK_BACK + 1) && keys[i] >> 32 == bucket; i--) {
      int bits = Long.bitCount(~(sketch[row] ^ sketch[(int) keys[i]]));
      if (bits > most) {
        most = bits;
        best = (int) keys[i];
      }
    }
    if (best >= 0 && best != compared[row]) {
      compared[row] = best;
      double jaccard = Shingles.jaccard(set.apply(row), set.apply(best));
      if (jaccard >= least) {
        twin[row] = best;
        likeness[row] = (float) jaccard;
      }
    }
  }

  /** The row that a row is much like, an earlier one; -1 if there is none. */
  int twin(int row) {
    return twin[row];
  }

  /** Jaccard's likeness of the two. */
  double likeness(int row) {
    return likeness[row];
  }
}
