package dev.hone.train.encode;

import dev.hone.nn.TokenBatch;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rows of a {@link TrainingSet} that go through a model together: what the loss, its weight and all figures of these rows are
 * made of, once. For one thread.
 */
public final class TrainingBatch {
  private final int[] rows;
  private final List<int[]> ids;
  private final List<int[]> types; // null: all zero
  private final List<Target> targets;
  private TokenBatch tokens; // null until asked for
  private int[] labels; // null until asked for

  TrainingBatch(TrainingSet set, int[] rows) {
    this.rows = rows;
    ids = Arrays.stream(rows).mapToObj(set.tokens()::get).toList();
    types = set.types() == null ? null : Arrays.stream(rows).mapToObj(set.types()::get).toList();
    targets = Arrays.stream(rows).<Target>mapToObj(set.targets()::get).toList();
  }

  /** Number of rows. */
  public int size() {
    return rows.length;
  }

  /** Which rows of the set these are. */
  public int[] rows() {
    return rows.clone();
  }

  /** Token ids of row {@code i} of this batch. */
  public int[] ids(int i) {
    return ids.get(i);
  }

  /** Number of tokens of all rows. */
  public int tokenCount() {
    return ids.stream().mapToInt(row -> row.length).sum();
  }

  /** The rows as a model takes them. */
  public TokenBatch tokens() {
    if (tokens == null) {
      tokens = TokenBatch.of(ids, types);
    }
    return tokens;
  }

  /**
   * The targets, which must be of this kind.
   *
   * @throws IllegalArgumentException if the rows were encoded for another task
   */
  public <T extends Target> List<T> targets(Class<T> kind) {
    for (int i = 0; i < rows.length; i++) {
      if (!kind.isInstance(targets.get(i))) {
        throw Target.unexpected(rows[i], targets.get(i), kind.getSimpleName());
      }
    }
    return targets.stream().map(kind::cast).toList();
  }

  /** The class of each row. */
  public int[] classes() {
    return targets(Target.OfClass.class).stream().mapToInt(Target.OfClass::label).toArray();
  }

  /** The shares of labels, or the numbers, of each row, one row after the other. */
  public float[] values() {
    int width = rows.length == 0 ? 0 : values(0).length;
    float[] values = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(values(i), 0, values, i * width, width);
    }
    return values;
  }

  private float[] values(int i) {
    return switch (targets.get(i)) {
      case Target.SomeLabels labels -> labels.shares();
      case Target.Numbers(float[] numbers) -> numbers;
      case Target other -> throw Target.unexpected(rows[i], other, "SomeLabels or Numbers");
    };
  }

  /**
   * The tokens that are to be learnt, one row after the other; -1 for those that are only read, and for the first of each row:
   * nothing comes before it but what a tuned prompt adds.
   */
  public int[] labels() {
    if (labels == null) {
      int[] found = new int[tokenCount()];
      List<Target.OfTokens> of = targets(Target.OfTokens.class);
      int at = 0;
      for (int i = 0; i < rows.length; i++) {
        int[] row = ids.get(i);
        boolean[] learnt = of.get(i).learnt();
        for (int t = 0; t < row.length; t++) {
          found[at++] = t > 0 && learnt[t] ? row[t] : -1;
        }
      }
      labels = found;
    }
    return labels.clone();
  }

  /** How many tokens {@link #labels} names. */
  public int learnt() {
    return (int) IntStream.of(labels()).filter(label -> label >= 0).count();
  }
}
