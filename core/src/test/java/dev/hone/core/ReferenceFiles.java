package dev.hone.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.hone.core.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Values that torch, transformers and PEFT computed on tiny random models. The directory is the system property
 * {@code hone.fixtures} or the copy among the test resources of {@code train}; lists and sizes come from its files. Each module
 * that reads batches adds how they are made.
 */
public class ReferenceFiles {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  protected ReferenceFiles() {}

  /** The directory. */
  public static Path root() {
    return Path.of(System.getProperty("hone.fixtures", "../train/src/test/resources/fixtures"));
  }

  /** A JSON file below a directory. */
  @SuppressWarnings("exports") // Jackson's trees are no part of this module, but of those that call this
  public static JsonNode json(Path file) {
    try {
      return JSON.readTree(Files.readString(file));
    } catch (IOException e) {
      throw new AssertionError(file + ": " + e.getMessage(), e);
    }
  }

  /** A safetensors file. */
  public static Safetensors tensors(Path file) {
    try {
      return Safetensors.open(file);
    } catch (IOException e) {
      throw new AssertionError(file + ": " + e.getMessage(), e);
    }
  }

  /** The directories of a section ({@code models}, {@code lora}) of the indexes that satisfy a condition. */
  public static List<Path> directories(String section, Predicate<Path> wanted) {
    List<Path> found = new ArrayList<>();
    for (String index : List.of("index.json", "index_more.json", "index_kinds.json")) {
      if (Files.exists(root().resolve(index))) {
        json(root().resolve(index)).path(section).forEach(entry -> {
          Path directory = root().resolve(entry.path("dir").asString());
          if (wanted.test(directory)) {
            found.add(directory);
          }
        });
      }
    }
    if (found.isEmpty()) {
      throw new AssertionError("no fixtures of " + section + " in " + root().toAbsolutePath());
    }
    return found;
  }

  /** The {@code model_type} of a model directory. */
  public static String modelType(Path directory) {
    return json(directory.resolve("config.json")).path("model_type").asString();
  }

  /** The ids (or types) of a padded input as ragged sequences, which is what the mask leaves; null if the file has none. */
  public static List<int[]> sequences(Safetensors io, String prefix, String name) {
    if (!io.contains(prefix + name)) {
      return null;
    }
    Tensor padded = io.tensor(prefix + name);
    long[] values = padded.toLongArray();
    long[] mask = io.contains(prefix + "attention_mask") ? io.tensor(prefix + "attention_mask").toLongArray() : null;
    List<int[]> rows = new ArrayList<>();
    for (int s = 0; s < padded.dim(0); s++) {
      int[] kept = rows(mask, s, padded.dim(1));
      for (int i = 0; i < kept.length; i++) {
        kept[i] = (int) values[kept[i]];
      }
      rows.add(kept);
    }
    return rows;
  }

  /** Where the real tokens of all sequences stand in the padded layout. */
  public static int[] realRows(Safetensors io) {
    Tensor ids = io.tensor("input_ids");
    long[] mask = io.contains("attention_mask") ? io.tensor("attention_mask").toLongArray() : null;
    List<Integer> all = new ArrayList<>();
    for (int s = 0; s < ids.dim(0); s++) {
      for (int row : rows(mask, s, ids.dim(1))) {
        all.add(row);
      }
    }
    return all.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int[] rows(long[] mask, int sequence, int width) {
    List<Integer> kept = new ArrayList<>();
    for (int i = sequence * width; i < (sequence + 1) * width; i++) {
      if (mask == null || mask[i] != 0) {
        kept.add(i);
      }
    }
    return kept.stream().mapToInt(Integer::intValue).toArray();
  }

  /** These rows of a [B, T, C] tensor, one after the other. */
  public static float[] pick(Tensor padded, int[] rows) {
    int width = padded.shape().columns();
    float[] all = padded.toFloatArray();
    float[] picked = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(all, rows[i] * width, picked, i * width, width);
    }
    return picked;
  }

  /** Fails unless {@code |a - b| <= relative * max|b| + absolute} everywhere. */
  public static void assertClose(String what, float[] expected, float[] actual, double relative, double absolute) {
    assertEquals(expected.length, actual.length, what + ": number of values");
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    double bound = relative * largest + absolute;
    int worst = -1;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) expected[i] - actual[i]);
      if (!(difference <= bound) && (worst < 0 || difference > Math.abs((double) expected[worst] - actual[worst]))) {
        worst = i;
      }
    }
    if (worst >= 0) {
      fail(String.format(Locale.ROOT, "%s: value %d is %s, expected %s; allowed difference %.3g", what, worst,
          actual[worst], expected[worst], bound));
    }
  }
}
