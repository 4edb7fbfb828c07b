package dev.hone.train.encode;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Rows ready for training: token ids, and what is to be learnt from each. They are in memory, or made when a batch asks for them.
 */
public final class TrainingSet {
  /**
   * One row without segments.
   *
   * @param tokens token ids
   * @param target what is to be learnt
   */
  public record Row(int[] tokens, Target target) {}

  private final List<int[]> tokens;
  private final List<int[]> types;
  private final List<? extends Target> targets;
  private final int[] lengths;
  private byte[] hash; // null until it is needed

  private TrainingSet(List<int[]> tokens, List<int[]> types, List<? extends Target> targets, int[] lengths) {
    this.tokens = tokens;
    this.types = types;
    this.targets = targets;
    this.lengths = lengths;
    if (targets.size() != tokens.size() || types != null && types.size() != tokens.size()) {
      throw new IllegalArgumentException("TrainingSet: " + tokens.size() + " rows of tokens, " + targets.size() + " targets");
    }
  }

  /**
   * Rows in memory.
   *
   * @param tokens token ids of each row
   * @param types segment numbers of each row, or null if all are zero
   * @param targets what is to be learnt from each row
   */
  public TrainingSet(List<int[]> tokens, List<int[]> types, List<? extends Target> targets) {
    this(List.copyOf(tokens), types == null ? null : List.copyOf(types), List.copyOf(targets),
        tokens.stream().mapToInt(row -> row.length).toArray());
  }

  /** Gathers what has to be known of all rows before the first batch: they pass once, and need not stay in memory. */
  public static final class Gathering {
    private final MessageDigest digest = sha256();
    private int[] lengths = new int[1024];
    private int size;

    /** Nothing yet. */
    public Gathering() {}

    /** Takes in the next row. */
    public void add(int[] ids, Target target) {
      lengths = size == lengths.length ? Arrays.copyOf(lengths, size + (size >> 1)) : lengths;
      lengths[size++] = ids.length;
      update(digest, ids, null, target);
    }

    /** The rows that passed, each of which {@code row} makes again; the latest ones are remembered. */
    public TrainingSet onDemand(IntFunction<Row> row) {
      IntFunction<Row> rows = new Recent(row)::get;
      TrainingSet set = new TrainingSet(new Part<>(size, rows, Row::tokens), null, new Part<>(size, rows, Row::target),
          Arrays.copyOf(lengths, size));
      set.hash = digest.digest();
      return set;
    }
  }

  /** Token ids of each row. */
  public List<int[]> tokens() {
    return tokens;
  }

  /** Segment numbers of each row, or null if all are zero. */
  public List<int[]> types() {
    return types;
  }

  /** What is to be learnt from each row. */
  public List<? extends Target> targets() {
    return targets;
  }

  /** Number of rows. */
  public int size() {
    return tokens.size();
  }

  /** The first rows. */
  public TrainingSet first(int rows) {
    int n = Math.min(rows, size());
    return new TrainingSet(tokens.subList(0, n), types == null ? null : types.subList(0, n), targets.subList(0, n),
        Arrays.copyOf(lengths, n));
  }

  /** Number of tokens of each row. */
  public int[] lengths() {
    return lengths.clone();
  }

  /** Number of tokens of these rows together. */
  public int tokens(int[] rows) {
    return Arrays.stream(rows).map(row -> lengths[row]).sum();
  }

  /** These rows as a batch. */
  public TrainingBatch batch(int[] rows) {
    return new TrainingBatch(this, rows);
  }

  /**
   * The target of a row, which must be of this kind.
   *
   * @throws IllegalArgumentException if the rows were encoded for another task
   */
  public <T extends Target> T target(int row, Class<T> kind) {
    Target target = targets.get(row);
    if (!kind.isInstance(target)) {
      throw Target.unexpected(row, target, kind.getSimpleName());
    }
    return kind.cast(target);
  }

  /** A hash of these rows and those held out, which may be null: other rows, or another order, give another. */
  public String fingerprint(TrainingSet heldOut) {
    MessageDigest digest = sha256();
    digest.update(hash());
    if (heldOut != null) {
      digest.update(heldOut.hash());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private byte[] hash() {
    if (hash == null) {
      MessageDigest digest = sha256();
      for (int row = 0; row < size(); row++) {
        update(digest, tokens.get(row), types == null ? null : types.get(row), targets.get(row));
      }
      hash = digest.digest();
    }
    return hash;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has it
    }
  }

  private static void update(MessageDigest digest, int[] ids, int[] types, Target target) {
    float[] numbers = target.numbers();
    ByteBuffer bytes = ByteBuffer.allocate((ids.length * (types == null ? 1 : 2) + numbers.length + 2) * Integer.BYTES);
    bytes.putInt(ids.length);
    Arrays.stream(ids).forEach(bytes::putInt);
    if (types != null) {
      Arrays.stream(types).forEach(bytes::putInt);
    }
    bytes.putInt(numbers.length);
    for (float value : numbers) {
      bytes.putFloat(value);
    }
    digest.update(bytes.flip());
  }

  /** One part of every row. */
  private static final class Part<T> extends AbstractList<T> {
    private final int size;
    private final IntFunction<Row> rows;
    private final Function<Row, T> part;

    Part(int size, IntFunction<Row> rows, Function<Row, T> part) {
      this.size = size;
      this.rows = rows;
      this.part = part;
    }

    @Override
    public T get(int i) {
      if (i < 0 || i >= size) {
        throw new IndexOutOfBoundsException("row " + i + " of " + size);
      }
      return part.apply(rows.apply(i));
    }

    @Override
    public int size() {
      return size;
    }
  }

  /** Remembers the rows asked for last: those of a batch are needed several times. */
  private static final class Recent {
    private static final int MAX_TOKENS = 1 << 20;

    private final IntFunction<Row> source;
    private final LinkedHashMap<Integer, Row> rows = new LinkedHashMap<>(16, 0.75f, true); // the longest unused first
    private long size; // tokens of rows

    Recent(IntFunction<Row> source) {
      this.source = source;
    }

    synchronized Row get(int i) {
      Row row = rows.get(i);
      if (row == null) {
        row = source.apply(i);
        rows.put(i, row);
        size += row.tokens.length;
        while (size > MAX_TOKENS && rows.size() > 1) {
          size -= rows.pollFirstEntry().getValue().tokens.length;
        }
      }
      return row;
    }
  }
}
