package dev.hone.train.choose;

import dev.hone.train.task.TaskName;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/**
 * A model to start from, as its card and its {@code config.json} describe it.
 *
 * @param name on the hub
 * @param tasks that it is a good start for, by the words of {@code --task}
 * @param languages that it was trained on, by their English names; {@code many} for about a hundred
 * @param licence its name
 * @param accept whether it must be accepted on the hub before
 * @param parameters how many numbers it has
 * @param layers L
 * @param hidden C
 * @param feedForward F
 * @param gatedMlp whether the feed-forward part has three matrices instead of two
 * @param heads H
 * @param keyValueHeads G
 * @param headWidth D
 * @param more numbers that a token leaves in a layer besides the usual ones, for further norms and the like
 * @param vocabulary V
 * @param positions the longest row, in tokens
 * @param why in a few words
 */
public record Base(String name, List<String> tasks, List<String> languages, String licence, boolean accept, long parameters,
    int layers,
    int hidden, int feedForward, boolean gatedMlp, int heads, int keyValueHeads, int headWidth, int more, int vocabulary,
    int positions,
    String why) {
  private static final JsonMapper JSON = JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
      .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).build();
  private static final String MANY = "many";
  private static final int RANK = 16;
  /** What a trained number takes: itself, its gradient, two means and the best so far, in float32. */
  private static final int TRAINED_BYTES = 20;
  private static final double SLACK = 1.15;
  private static final int HEAD_ROWS = 264;
  private static final long HEAD_BYTES = 128L << 20;
  private static final long OF_THE_JVM = 200_000_000;

  /** The bases that are known, the smallest first within each kind. */
  public static List<Base> all() {
    try (InputStream in = Base.class.getResourceAsStream("bases.json")) {
      return List.of(JSON.readValue(in, Base[].class));
    } catch (IOException e) {
      throw new IllegalStateException("bases.json cannot be read", e);
    }
  }

  /** Whether it is a start for a task. */
  public boolean does(TaskName task) {
    return tasks.contains(task.word());
  }

  /** Whether it was trained on a language, by its English name. */
  public boolean speaks(String language) {
    return languages.contains(MANY) || languages.contains(language);
  }

  /** Whether it writes. */
  public boolean isDecoder() {
    return does(TaskName.GENERATE);
  }

  /** Numbers of the matrices that every token passes; the table of embeddings is only looked up. */
  public long matrices() {
    return (long) layers * hidden * (2L * heads * headWidth + 2L * keyValueHeads * headWidth
        + (gatedMlp ? 3L : 2L) * feedForward);
  }

  /**
   * About the bytes that training LoRA adapters of rank 16 on the projections of queries and values takes: weights as published
   * (BF16 of what writes, else float32), which are mapped from their file, and what goes into the heap.
   *
   * @param tokens of a batch
   */
  public long memory(int tokens) {
    return parameters * (isDecoder() ? 2 : 4) + heap(tokens);
  }

  /** Of that memory what is in the heap: what is trained, activations and logits. */
  public long heap(int tokens) {
    long trained = (long) layers * RANK * (2L * hidden + (long) (heads + keyValueHeads) * headWidth) * TRAINED_BYTES;
    long logits = isDecoder() ? Math.min(4L * vocabulary * Math.min(tokens, HEAD_ROWS), HEAD_BYTES) : 0;
    return trained + (long) (SLACK * Float.BYTES * layers * activations() * tokens) + logits + OF_THE_JVM;
  }

  /** Numbers that a token leaves in a layer for the way back; within ten percent of what is measured of such layers. */
  private double activations() {
    return 3.0 * hidden + 2.0 * (heads + keyValueHeads) * headWidth + (gatedMlp ? 2.0 : 1.0) * feedForward + more;
  }

  /** Floating point operations for a token of training, forward and back, where the base itself is not trained. */
  double operations() {
    return 4.0 * matrices() + (isDecoder() ? 4.0 * vocabulary * hidden : 0);
  }
}
