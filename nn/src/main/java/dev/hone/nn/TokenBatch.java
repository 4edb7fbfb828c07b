package dev.hone.nn;

import java.util.Arrays;
import java.util.List;

/**
 * A batch of sequences of any lengths, one after the other, without padding. Sequence s has the tokens
 * {@code offsets[s] .. offsets[s+1]}.
 *
 * @param tokens N token ids
 * @param positions N positions within the sequences, from 0 unless a cache or a prefix comes before
 * @param offsets S + 1 bounds, from 0 to N, ascending
 * @param types N segment numbers, as BERT's sentence pairs have, or null for all zero
 */
public record TokenBatch(int[] tokens, int[] positions, int[] offsets, int[] types) {
  public TokenBatch {
    if (positions.length != tokens.length || types != null && types.length != tokens.length) {
      throw new IllegalArgumentException("TokenBatch: " + tokens.length + " tokens, " + positions.length + " positions"
          + (types == null ? "" : ", " + types.length + " types"));
    }
    if (offsets.length == 0 || offsets[0] != 0 || offsets[offsets.length - 1] != tokens.length) {
      throw new IllegalArgumentException("TokenBatch: offsets go from 0 to the number of tokens, " + tokens.length + ", got "
          + Arrays.toString(offsets));
    }
    for (int s = 1; s < offsets.length; s++) {
      if (offsets[s] < offsets[s - 1]) {
        throw new IllegalArgumentException("TokenBatch: offsets must ascend, got " + Arrays.toString(offsets));
      }
    }
  }

  /** The sequences one after the other, positions from 0 in each. */
  public static TokenBatch of(List<int[]> sequences) {
    return of(sequences, null);
  }

  /**
   * The sequences with their segment numbers.
   *
   * @param types as long as the sequences, or null
   */
  public static TokenBatch of(List<int[]> sequences, List<int[]> types) {
    int[] offsets = new int[sequences.size() + 1];
    for (int s = 0; s < sequences.size(); s++) {
      offsets[s + 1] = Math.addExact(offsets[s], sequences.get(s).length);
    }
    int[] tokens = new int[offsets[sequences.size()]];
    int[] positions = new int[tokens.length];
    int[] segments = types == null ? null : new int[tokens.length];
    for (int s = 0; s < sequences.size(); s++) {
      int[] sequence = sequences.get(s);
      System.arraycopy(sequence, 0, tokens, offsets[s], sequence.length);
      for (int i = 0; i < sequence.length; i++) {
        positions[offsets[s] + i] = i;
      }
      if (types != null) {
        System.arraycopy(types.get(s), 0, segments, offsets[s], sequence.length);
      }
    }
    return new TokenBatch(tokens, positions, offsets, segments);
  }

  /** Number of sequences, S. */
  public int sequences() {
    return offsets.length - 1;
  }

  /** Number of tokens, N. */
  public int size() {
    return tokens.length;
  }

  /** Number of tokens of the longest sequence. */
  public int longest() {
    int longest = 0;
    for (int s = 1; s < offsets.length; s++) {
      longest = Math.max(longest, offsets[s] - offsets[s - 1]);
    }
    return longest;
  }

  /** Rows of the first tokens of the sequences. */
  public int[] firstRows() {
    return Arrays.copyOf(offsets, sequences());
  }

  /** Rows of the last tokens of the sequences; none of them may be empty. */
  public int[] lastRows() {
    int[] rows = new int[sequences()];
    Arrays.setAll(rows, s -> offsets[s + 1] - 1);
    return rows;
  }

  /** The largest position and one: what a position table or a model's context must hold. */
  public int extent() {
    int extent = 0;
    for (int position : positions) {
      extent = Math.max(extent, position + 1);
    }
    return extent;
  }
}
