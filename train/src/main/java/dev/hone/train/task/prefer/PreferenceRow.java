package dev.hone.train.task.prefer;

import dev.hone.nn.TokenBatch;
import dev.hone.train.encode.TrainingSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Two sequences that are compared, as one row of a {@link TrainingSet}: the chosen answer and the rejected one, each behind the
 * prompt; of an answer that was liked or not, it and the answer to another prompt, which KTO's estimate of the distance needs.
 *
 * <p>The row's tokens are both sequences one after the other; its target says of each token whether it is of an answer, then
 * where the second sequence begins, what the reference's log-probabilities are, and the margin, or 1 for liked and -1 for not.
 *
 * @param first prompt and answer
 * @param firstAnswer where the answer begins
 * @param second prompt and answer
 * @param secondAnswer where the answer begins
 * @param firstReference log-probability of the first answer by the reference
 * @param secondReference that of the second
 * @param extra margin, or whether the answer was liked
 */
record PreferenceRow(int[] first, int firstAnswer, int[] second, int secondAnswer, float firstReference, float secondReference,
    float extra) {
  private static final int EXTRAS = 4;

  PreferenceRow(int[] first, int firstAnswer, int[] second, int secondAnswer, float extra) {
    this(first, firstAnswer, second, secondAnswer, 0, 0, extra);
  }

  PreferenceRow withReference(double ofFirst, double ofSecond) {
    return new PreferenceRow(first, firstAnswer, second, secondAnswer, (float) ofFirst, (float) ofSecond, extra);
  }

  /** Rows as the loop takes them. */
  static TrainingSet set(List<PreferenceRow> rows) {
    return new TrainingSet(rows.stream().map(PreferenceRow::tokens).toList(), null,
        rows.stream().map(PreferenceRow::target).toList());
  }

  private int[] tokens() {
    int[] tokens = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, tokens, first.length, second.length);
    return tokens;
  }

  private float[] target() {
    int n = first.length + second.length;
    float[] target = new float[n + EXTRAS];
    Arrays.fill(target, firstAnswer, first.length, 1);
    Arrays.fill(target, first.length + secondAnswer, n, 1);
    target[n] = first.length;
    target[n + 1] = firstReference;
    target[n + 2] = secondReference;
    target[n + 3] = extra;
    return target;
  }

  /** Row {@code i} of a set that {@link #set} made. */
  static PreferenceRow of(TrainingSet set, int i) {
    int[] tokens = set.tokens().get(i);
    float[] target = set.targets().get(i);
    int n = tokens.length;
    int cut = (int) target[n];
    return new PreferenceRow(Arrays.copyOf(tokens, cut), answer(target, 0, cut), Arrays.copyOfRange(tokens, cut, n),
        answer(target, cut, n), target[n + 1], target[n + 2], target[n + 3]);
  }

  private static int answer(float[] target, int from, int to) {
    int at = from;
    while (at < to && target[at] == 0) {
      at++;
    }
    return at - from;
  }

  static List<PreferenceRow> of(TrainingSet set, int[] rows) {
    return Arrays.stream(rows).mapToObj(row -> of(set, row)).toList();
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
