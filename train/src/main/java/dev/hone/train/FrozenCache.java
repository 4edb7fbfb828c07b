package dev.hone.train;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.GradMode;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.nn.Backbone;
import dev.hone.nn.FrozenStates;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.train.encode.TrainingSet;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Remembers what frozen layers make of sequences, by their tokens: in memory, then in a file, each up to a bound; what fits into
 * neither is computed again.
 *
 * <p>Implementation note: a sequence's states have the same bits whatever batch they are computed in, so that nothing depends on
 * when a row comes first, or on where a run was interrupted.
 */
final class FrozenCache implements FrozenStates, AutoCloseable {
  /** What a killed run may leave beside its checkpoints. */
  static final String FILE = ".frozen.tmp";

  private static final long MOST_DISK = 32L << 30;
  private static final int SAMPLE = 32; // tokens

  private final int depth;
  private final Pass pass;
  private final Map<Key, Entry> entries = new HashMap<>();
  private final Path file; // null: there is none
  private RandomAccessFile opened; // when memory is full
  private long memoryLeft; // bytes
  private long diskLeft;
  private long written;
  private long asked;
  private long found;

  /**
   * Remembers nothing yet.
   *
   * @param savings what passes through the frozen layers leave out
   * @param memory bytes that may be taken
   * @param file what is written when memory is full, and is gone at the end; null for none
   * @param disk bytes that it may have
   */
  FrozenCache(int depth, Pass.Savings savings, long memory, Path file, long disk) {
    this.depth = depth;
    this.pass = Pass.inference().withSavings(savings);
    this.memoryLeft = memory;
    this.file = file;
    this.diskLeft = file == null ? 0 : disk;
  }

  /**
   * What a run remembers, or null if no layer is frozen that has no dropout, or none is asked twice.
   *
   * @param savings of the run
   * @param epochs whether the run has more than one
   * @param memory bytes that may be taken
   * @param file what is written when memory is full; null for none
   * @param say hears in a line why nothing is remembered though layers are frozen
   */
  static FrozenCache of(PretrainedModel model, Objective objective, TrainConfig config, TrainingSet training,
      Pass.Savings savings, boolean epochs, long memory, Path file, Consumer<String> say) {
    int depth = model.backbone().frozenDepth();
    if (!config.cacheFrozen().equals("auto") || !epochs || depth == 0 || model.inputAdapter() != null) {
      return null;
    }
    if (objective.dropsOut() && !quiet(model.backbone(), depth, config, training)) {
      say.accept("cache_frozen: " + depth + " frozen layers are computed in every step, as they have dropout "
          + "(--dropout 0 computes them once)");
      return null;
    }
    return new FrozenCache(depth, savings, memory, file, MOST_DISK);
  }

  /** Whether two steps make the same of some tokens, so that nothing is drawn at random. */
  private static boolean quiet(Backbone backbone, int depth, TrainConfig config, TrainingSet training) {
    int[] tokens = training.tokens().getFirst();
    TokenBatch batch = TokenBatch.of(List.of(Arrays.copyOf(tokens, Math.min(tokens.length, SAMPLE))));
    float[] before = null;
    for (int step = 1; step <= 3; step++) {
      try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
        Pass trial = config.pass(-step);
        float[] states = backbone.layers(backbone.embed(batch, trial), 0, depth, null, batch, trial, Backbone.NOBODY).value()
            .toFloatArray();
        if (before != null && !Arrays.equals(before, states)) {
          return false;
        }
        before = states;
      }
    }
    return true;
  }

  /** A sequence, and which of its rows. */
  private record Key(int first, int[] tokens, int[] types, int[] rows) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && first == key.first && Arrays.equals(tokens, key.tokens)
          && Arrays.equals(types, key.types) && Arrays.equals(rows, key.rows);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * Arrays.hashCode(tokens) + Arrays.hashCode(types)) + Arrays.hashCode(rows);
    }
  }

  /** States in memory, or where they are in the file. */
  private record Entry(float[] values, long offset, int length) {}

  @Override
  public int depth() {
    return depth;
  }

  /** How many sequences were asked for. */
  long asked() {
    return asked;
  }

  /** How many of these were known. */
  long found() {
    return found;
  }

  @Override
  public Variable of(Backbone backbone, TokenBatch batch, int[] rows) {
    List<Key> keys = keys(batch, rows);
    Map<Key, float[]> states = new HashMap<>();
    Map<Key, Integer> missing = new LinkedHashMap<>();
    for (int s = 0; s < keys.size(); s++) {
      Key key = keys.get(s);
      if (key.rows == null ? key.tokens.length > 0 : key.rows.length > 0) {
        asked++;
        float[] known = states.containsKey(key) ? states.get(key) : read(key);
        if (known != null) {
          found++;
          if (pass.savings().work() != null) {
            pass.savings().work().frozen(key.tokens.length, depth);
          }
        }
        if (known == null) {
          missing.putIfAbsent(key, s);
        } else {
          states.put(key, known);
        }
      }
    }
    if (!missing.isEmpty()) {
      compute(backbone, batch, missing, states);
    }
    int count = rows == null ? batch.size() : rows.length;
    int width = states.isEmpty() ? backbone.embeddings().weight().shape().dim(1)
        : states.values().stream().mapToInt(values -> values.length).sum() / count(states);
    float[] all = new float[Math.multiplyExact(count, width)];
    int at = 0;
    for (Key key : keys) {
      float[] values = states.get(key);
      if (values != null) {
        System.arraycopy(values, 0, all, at, values.length);
        at += values.length;
      }
    }
    return Variable.constant(Tensor.of(all, count, width).to(backbone.embeddings().weight().value().device()));
  }

  private static int count(Map<Key, float[]> states) {
    return states.keySet().stream().mapToInt(key -> key.rows == null ? key.tokens.length : key.rows.length).sum();
  }

  private static List<Key> keys(TokenBatch batch, int[] rows) {
    List<Key> keys = new ArrayList<>();
    int at = 0;
    for (int s = 0; s < batch.sequences(); s++) {
      int from = batch.offsets()[s];
      int to = batch.offsets()[s + 1];
      int[] own = null;
      if (rows != null) {
        int begin = at;
        while (at < rows.length && rows[at] < to) {
          at++;
        }
        own = IntStream.range(begin, at).map(i -> rows[i] - from).toArray();
      }
      keys.add(new Key(from == to ? 0 : batch.positions()[from], Arrays.copyOfRange(batch.tokens(), from, to),
          batch.types() == null ? null : Arrays.copyOfRange(batch.types(), from, to), own));
    }
    return keys;
  }

  /** Runs the frozen layers on what is not known, and remembers it. */
  private void compute(Backbone backbone, TokenBatch batch, Map<Key, Integer> missing, Map<Key, float[]> states) {
    List<Integer> bounds = new ArrayList<>(List.of(0));
    IntStream.Builder places = IntStream.builder(); // in the given batch
    IntStream.Builder picked = IntStream.builder(); // among these
    int size = 0;
    for (Map.Entry<Key, Integer> each : missing.entrySet()) {
      int from = batch.offsets()[each.getValue()];
      for (int i = from; i < batch.offsets()[each.getValue() + 1]; i++) {
        places.add(i);
      }
      int begin = size;
      size += each.getKey().tokens.length;
      bounds.add(size);
      (each.getKey().rows == null ? IntStream.range(0, size - begin) : IntStream.of(each.getKey().rows))
          .forEach(row -> picked.add(begin + row));
    }
    int[] chosen = places.build().toArray();
    TokenBatch part = new TokenBatch(pick(batch.tokens(), chosen), pick(batch.positions(), chosen),
        bounds.stream().mapToInt(Integer::intValue).toArray(), batch.types() == null ? null : pick(batch.types(), chosen));
    int[] rows = picked.build().toArray();
    float[] values;
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      boolean some = rows.length < part.size();
      Variable in = backbone.embed(part, pass);
      Variable x = backbone.layers(in, 0, depth, some && pass.savings().unreadRows() ? rows : null, part, pass, Backbone.NOBODY);
      values = (x.shape().dim(0) == rows.length ? x : GatherOps.rows(x, rows)).value().toFloatArray();
    }
    int width = values.length / rows.length;
    int at = 0;
    for (Key key : missing.keySet()) {
      int length = width * (key.rows == null ? key.tokens.length : key.rows.length);
      float[] own = Arrays.copyOfRange(values, at, at + length);
      at += length;
      states.put(key, own);
      remember(key, own);
    }
  }

  private static int[] pick(int[] from, int[] places) {
    return IntStream.of(places).map(place -> from[place]).toArray();
  }

  private void remember(Key key, float[] values) {
    long bytes = 4L * (values.length + key.tokens.length) + 128;
    if (bytes <= memoryLeft) {
      memoryLeft -= bytes;
      entries.put(key, new Entry(values, 0, values.length));
    } else if (4L * values.length <= diskLeft) {
      diskLeft -= 4L * values.length;
      entries.put(key, new Entry(null, written, values.length));
      write(values);
    }
  }

  private void write(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
    bytes.asFloatBuffer().put(values);
    try {
      if (opened == null) {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.deleteIfExists(file);
        opened = new RandomAccessFile(file.toFile(), "rw"); // a channel would close where the thread is interrupted
      }
      opened.seek(written);
      opened.write(bytes.array());
      written += bytes.capacity();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private float[] read(Key key) {
    Entry entry = entries.get(key);
    if (entry == null || entry.values != null) {
      return entry == null ? null : entry.values;
    }
    byte[] bytes = new byte[4 * entry.length];
    try {
      opened.seek(entry.offset);
      opened.readFully(bytes);
    } catch (IOException e) {
      throw failed(e);
    }
    float[] values = new float[entry.length];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
    return values;
  }

  private UncheckedIOException failed(IOException e) {
    return new UncheckedIOException(new IOException(file + ": " + e.getMessage()
        + "; --cache-frozen off computes frozen layers in every step", e));
  }

  @Override
  public void close() {
    if (opened != null) {
      try {
        opened.close();
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw failed(e);
      }
    }
  }
}
