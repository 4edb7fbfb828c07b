package dev.hone.train;

import dev.hone.nn.TokenBatch;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Rows ready for training: token ids, and what is to be learnt from each.
 *
 * @param tokens token ids of each row
 * @param types segment numbers of each row, or null if all are zero
 * @param targets one array per row: the class; or a number per label; or a number to be met; or, for a language model, a
 *     number per token, 0 where it is only read and 1 where it is to be learnt
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

  /** The first rows. */
  TrainingSet first(int rows) {
    int n = Math.min(rows, size());
    return new TrainingSet(tokens.subList(0, n), types == null ? null : types.subList(0, n), targets.subList(0, n));
  }

  /** Number of tokens of each row. */
  public int[] lengths() {
    return tokens.stream().mapToInt(row -> row.length).toArray();
  }

  /** Number of tokens of these rows together. */
  public int tokens(int[] rows) {
    return Arrays.stream(rows).map(row -> tokens.get(row).length).sum();
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

  /** The tokens of these rows that are to be learnt, one row after the other; -1 for those that are only read. */
  public int[] labels(int[] rows) {
    int[] labels = new int[tokens(rows)];
    int at = 0;
    for (int row : rows) {
      for (int i = 0; i < tokens.get(row).length; i++) {
        labels[at++] = targets.get(row)[i] > 0 ? tokens.get(row)[i] : -1;
      }
    }
    return labels;
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

  /** A hash of these rows and those held out, which may be null: other rows, or another order, give another. */
  String fingerprint(TrainingSet heldOut) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
    update(digest);
    if (heldOut != null) {
      heldOut.update(digest);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private void update(MessageDigest digest) {
    for (int row = 0; row < size(); row++) {
      int[] ids = tokens.get(row);
      float[] target = targets.get(row);
      ByteBuffer bytes = ByteBuffer.allocate((ids.length * (types == null ? 1 : 2) + target.length + 2) * Integer.BYTES);
      bytes.putInt(ids.length);
      Arrays.stream(ids).forEach(bytes::putInt);
      if (types != null) {
        Arrays.stream(types.get(row)).forEach(bytes::putInt);
      }
      bytes.putInt(target.length);
      for (float value : target) {
        bytes.putFloat(value);
      }
      digest.update(bytes.flip());
    }
  }
}
