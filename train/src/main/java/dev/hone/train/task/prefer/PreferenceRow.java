package dev.hone.train.task.prefer;

import dev.hone.nn.TokenBatch;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Two sequences that are compared, as one row of a {@link TrainingSet}: the chosen answer and the rejected one, each behind the
 * prompt; of an answer that was liked or not, it and the answer to another prompt, which KTO's estimate of the distance needs.
 *
 * <p>The row's tokens are both sequences one after the other, and this is its target.
 *
 * @param first prompt and answer
 * @param firstAnswer where the answer begins
 * @param second prompt and answer
 * @param secondAnswer where the answer begins
 * @param firstReference log-probability of the first answer by the reference
 * @param secondReference that of the second
 * @param extra margin; or 1 for an answer that was liked and -1 for one that was not
 */
record PreferenceRow(int[] first, int firstAnswer, int[] second, int secondAnswer, float firstReference, float secondReference,
    float extra) implements Target {
  private static final int EXTRAS = 4;

  PreferenceRow(int[] first, int firstAnswer, int[] second, int secondAnswer, float extra) {
    this(first, firstAnswer, second, secondAnswer, 0, 0, extra);
  }

  PreferenceRow withReference(double ofFirst, double ofSecond) {
    return new PreferenceRow(first, firstAnswer, second, secondAnswer, (float) ofFirst, (float) ofSecond, extra);
  }

  /** Rows as the loop takes them. */
  static TrainingSet set(List<PreferenceRow> rows) {
    return new TrainingSet(rows.stream().map(PreferenceRow::tokens).toList(), null, rows);
  }

  private int[] tokens() {
    int[] tokens = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, tokens, first.length, second.length);
    return tokens;
  }

  /**
   * Of each token whether it is of an answer; then where the second sequence begins, what the reference's log-probabilities are,
   * and the extra.
   */
  @Override
  public float[] numbers() {
    int n = first.length + second.length;
    float[] numbers = new float[n + EXTRAS];
    Arrays.fill(numbers, firstAnswer, first.length, 1);
    Arrays.fill(numbers, first.length + secondAnswer, n, 1);
    numbers[n] = first.length;
    numbers[n + 1] = firstReference;
    numbers[n + 2] = secondReference;
    numbers[n + 3] = extra;
    return numbers;
  }

  /** All sequences: first and second of the first row, of the second row, and so on. */
  static TokenBatch batch(List<PreferenceRow> rows) {
    List<int[]> sequences = new ArrayList<>();
    rows.forEach(row -> {
      sequences.add(row.first);
      sequences.add(row.second);
    });
    return TokenBatch.of(sequences);
  }
}
