package dev.hone.train.monitor;

import dev.hone.core.io.AtomicFile;
import dev.hone.core.random.Philox;
import dev.hone.train.data.DataException;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Inference;
import dev.hone.train.infer.Logits;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextVectors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The held-out rows of a classifier's training as the tuned model sees them: what later rows are compared with.
 * {@code hone train} writes it as {@code reference.json}.
 *
 * @param labels of the model
 * @param rows up to 1,000 of the held-out rows
 * @param texts short hashes of all held-out texts, so that they never become training rows
 * @param probe the vector of a sentence that is always the same, by which to know the model that made the vectors
 */
public record MonitorReference(List<String> labels, List<Row> rows, Set<String> texts, float[] probe) {
  /** The file's name in a run's directory. */
  public static final String NAME = "reference.json";

  private static final String PROBE = "The quick brown fox jumps over the lazy dog.";
  private static final float PROBE_TOLERANCE = 0.01f; // machines differ in the last bits
  private static final int MAX_ROWS = 1000;
  private static final int BATCH = 32;
  private static final int HASH = 16; // hex digits: two of a million texts collide with a chance of 3e-8
  private static final int VERSION = 1;

  /**
   * A row.
   *
   * @param label the likeliest, by number
   * @param confidence its probability
   * @param right whether it is the true one
   * @param tokens how many the text has
   * @param unknown how many of them stand for something unknown
   * @param vector what the untuned model makes of the text, of length 1
   */
  public record Row(int label, double confidence, boolean right, int tokens, int unknown, float[] vector) {}

  /** Copies the lists. */
  public MonitorReference {
    labels = List.copyOf(labels);
    rows = List.copyOf(rows);
    texts = Set.copyOf(texts);
  }

  /**
   * Rows as a classifier sees them.
   *
   * @param set the rows with their classes
   * @param texts of these rows
   * @param model the untuned model
   */
  public static MonitorReference of(TextClassifier classifier, TrainingSet set, List<String> texts, TextVectors model) {
    int[] chosen = chosen(set.size());
    TrainingSet some = new TrainingSet(IntStream.of(chosen).mapToObj(set.tokens()::get).toList(), null,
        IntStream.of(chosen).<Target>mapToObj(set.targets()::get).toList());
    float[][] logits = Inference.logits(classifier.model(), some, BATCH);
    List<float[]> vectors = model.of(IntStream.of(chosen).mapToObj(texts::get).toList());
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      int best = Logits.argMax(logits[i]);
      int[] tokens = some.tokens().get(i);
      int label = some.target(i, Target.OfClass.class).label();
      rows.add(new Row(best, Logits.softmax(logits[i])[best], best == label, tokens.length,
          classifier.countUnknown(tokens), vectors.get(i)));
    }
    Set<String> hashes = new HashSet<>();
    texts.forEach(text -> hashes.add(hash(text)));
    return new MonitorReference(classifier.model().labels().names(), rows, hashes, model.of(List.of(PROBE)).getFirst());
  }

  /** Up to {@link #MAX_ROWS} rows, drawn once. */
  private static int[] chosen(int size) {
    if (size <= MAX_ROWS) {
      return IntStream.range(0, size).toArray();
    }
    int[] rows = IntStream.range(0, size).toArray();
    Philox random = new Philox(0, Philox.stream(0x72656665L, 0));
    for (int i = 0; i < MAX_ROWS; i++) {
      int other = i + (int) (random.uniform(i) * (size - i));
      int row = rows[i];
      rows[i] = rows[other];
      rows[other] = row;
    }
    return IntStream.of(rows).limit(MAX_ROWS).sorted().toArray();
  }

  /** A text's hash, whatever its capitals and spaces. */
  public static String hash(String text) {
    return LogLines.hash(text.strip().replaceAll("\\s+", " ").toLowerCase(Locale.ROOT)).substring(0, HASH);
  }

  /** Whether a text is among the held-out ones, whatever its capitals and spaces. */
  public boolean holdsOut(String text) {
    return texts.contains(hash(text));
  }

  /** Whether the model is the one that made the vectors. */
  boolean isOf(TextVectors model) {
    float[] vector = model.of(List.of(PROBE)).getFirst();
    boolean same = vector.length == probe.length;
    for (int i = 0; same && i < vector.length; i++) {
      same = Math.abs(vector[i] - probe[i]) < PROBE_TOLERANCE;
    }
    return same;
  }

  /** The share of rows whose label is right. */
  public double accuracy() {
    return rows.stream().mapToInt(row -> row.right ? 1 : 0).average().orElse(Double.NaN);
  }

  /** Writes the file. */
  public void write(Path file) throws IOException {
    ObjectNode root = LogLines.JSON.createObjectNode().put("version", VERSION);
    labels.forEach(root.putArray("labels")::add);
    root.put("accuracy", accuracy());
    ArrayNode array = root.putArray("rows");
    int width = rows.isEmpty() ? 0 : rows.getFirst().vector.length;
    ByteBuffer bytes = ByteBuffer.allocate(rows.size() * width * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (Row row : rows) {
      array.addObject().put("label", row.label).put("confidence", row.confidence).put("right", row.right)
          .put("tokens", row.tokens).put("unknown", row.unknown);
      for (float x : row.vector) {
        bytes.putFloat(x);
      }
    }
    for (float x : probe) {
      root.withArray("probe").add(x);
    }
    root.put("width", width).put("vectors", Base64.getEncoder().encodeToString(bytes.array()));
    texts.stream().sorted().forEach(root.putArray("held_out_texts")::add);
    AtomicFile.writeString(file, LogLines.JSON.writeValueAsString(root) + "\n");
  }

  /**
   * Reads the file.
   *
   * @throws DataException if it is none
   */
  public static MonitorReference read(Path file) throws IOException {
    JsonNode root;
    try {
      root = LogLines.JSON.readTree(Files.readString(file));
    } catch (JacksonException e) {
      throw new DataException(file.toString(), "no JSON: " + e.getOriginalMessage());
    }
    if (root.path("version").asInt(0) != VERSION || !root.path("rows").isArray()) {
      throw new DataException(file.toString(), "no reference that this version reads; hone train writes one beside the adapter");
    }
    List<String> labels = new ArrayList<>();
    root.path("labels").forEach(label -> labels.add(label.asString()));
    int width = root.path("width").asInt();
    byte[] vectors = Base64.getDecoder().decode(root.path("vectors").asString(""));
    ByteBuffer bytes = ByteBuffer.wrap(vectors).order(ByteOrder.LITTLE_ENDIAN);
    JsonNode array = root.path("rows");
    if (bytes.remaining() != (long) array.size() * width * Float.BYTES) {
      throw new DataException(file.toString(), "has vectors of " + bytes.remaining() + " bytes, not of " + array.size()
          + " rows of "
          + width + " numbers");
    }
    List<Row> rows = new ArrayList<>();
    for (JsonNode row : array) {
      float[] vector = new float[width];
      for (int i = 0; i < width; i++) {
        vector[i] = bytes.getFloat();
      }
      int label = row.path("label").asInt(-1);
      double confidence = row.path("confidence").asDouble(Double.NaN);
      if (label < 0 || label >= labels.size() || !(confidence >= 0 && confidence <= 1)) {
        throw new DataException(file.toString(), "row " + rows.size() + " has no label of the model with its probability");
      }
      rows.add(new Row(label, confidence, row.path("right").asBoolean(), row.path("tokens").asInt(), row.path("unknown").asInt(),
          vector));
    }
    Set<String> texts = new HashSet<>();
    root.path("held_out_texts").forEach(text -> texts.add(text.asString()));
    float[] probe = new float[root.path("probe").size()];
    for (int i = 0; i < probe.length; i++) {
      probe[i] = (float) root.path("probe").path(i).asDouble();
    }
    return new MonitorReference(labels, rows, texts, probe);
  }
}
