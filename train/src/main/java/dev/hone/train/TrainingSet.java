package dev.hone.train;

import dev.hone.nn.TokenBatch;
import java.util.Arrays;
import java.util.List;

/**
 * Rows ready for training: token ids, and what is to be learnt from each.
 *
 * @param tokens token ids of each row
 * @param types segment numbers of each row, or null if all are zero
 * @param targets one array per row: the class; or a number per label; or a number to be met
 */
public record TrainingSet(List<int[]> tokens, List<int[]> types, List<float[]> targets) {
  public TrainingSet {
    tokens = List.copyOf(tokens);
    types = types == null ? null : List.copyOf(types);
    targets = List.copyOf(targets);
    if (targets.size() != tokens.size() || types != null && types.size() != tokens.size()) {
      throw new IllegalArgumentException("TrainingSet: " + tokens.size() + " rows of tokens, " + targets.size() + " targets");
    }
  }

  /** Number of rows. */
  public int size() {
    return tokens.size();
  }

  /** Number of tokens of each row. */
  public int[] lengths() {
    return tokens.stream().mapToInt(row -> row.length).toArray();
  }

  /** These rows as a batch. */
  public TokenBatch batch(int[] rows) {
    return TokenBatch.of(Arrays.stream(rows).mapToObj(tokens::get).toList(),
        types == null ? null : Arrays.stream(rows).mapToObj(types::get).toList());
  }

  /** The first target of these rows as classes. */
  public int[] classes(int[] rows) {
    return Arrays.stream(rows).map(row -> (int) targets.get(row)[0]).toArray();
  }

  /** The targets of these rows, one after the other. */
  public float[] values(int[] rows) {
    int width = targets.isEmpty() ? 0 : targets.getFirst().length;
    float[] values = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(targets.get(rows[i]), 0, values, i * width, width);
    }
    return values;
  }
}
