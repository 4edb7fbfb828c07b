package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.Parameter;
import dev.hone.core.Scope;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sequences packed into one batch against each alone, on models wide enough for every way in which products are computed. What
 * depends on one sequence alone, its logits and the gradients of what goes in, has the same bits if it has more than 65 tokens,
 * of which 64 are exceeded by those predicted: fewer go a way of their own, which adds in another order. The gradients of weights are sums over all sequences: these are cut
 * otherwise when each is alone, so that they agree to rounding.
 */
class PackingTest {
  private static final int VOCABULARY = 700;
  private static final int[] LONG = {66, 200, 97, 67, 131};
  private static final int[] SHORT = {1, 3, 40, 200, 9, 64, 17, 2};
  private static final Map<String, String> CONFIGS = Map.of(
      "llama", "\"model_type\": \"llama\", \"num_key_value_heads\": 2",
      "mistral", "\"model_type\": \"mistral\", \"num_key_value_heads\": 2, \"sliding_window\": 24",
      "qwen3", "\"model_type\": \"qwen3\", \"num_key_value_heads\": 2, \"head_dim\": 32",
      "gpt2", "\"model_type\": \"gpt2\", \"n_embd\": 128, \"n_layer\": 2, \"n_head\": 4, \"n_positions\": 256, \"resid_pdrop\": 0, "
          + "\"embd_pdrop\": 0, \"attn_pdrop\": 0");

  @TempDir
  Path directory;

  private PretrainedModel model(String family) throws IOException {
    Path config = Files.writeString(directory.resolve("config.json"), "{" + CONFIGS.get(family) + ", \"vocab_size\": " + VOCABULARY
        + ", \"hidden_size\": 128, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"intermediate_size\": 448, "
        + "\"max_position_embeddings\": 256, \"initializer_range\": 0.1, \"tie_word_embeddings\": " + family.equals("gpt2") + "}");
    PretrainedModel model = ModelLoader.ofConfig(config).task(Task.CAUSAL_LM).seed(3).load();
    model.setTrainable(true);
    return model;
  }

  /** Sequences of these lengths; no token occurs twice, so that its row of the embedding's gradient belongs to one place. */
  private static List<int[]> sequences(int[] lengths) {
    List<int[]> sequences = new ArrayList<>();
    int next = 1;
    for (int length : lengths) {
      int first = next;
      sequences.add(IntStream.range(0, length).map(i -> (first + i) * 11 % VOCABULARY).toArray());
      next += length;
    }
    return sequences;
  }

  /** Logits, loss and gradients of a batch. */
  private record Answer(float[] logits, double loss, Map<String, float[]> gradients) {}

  private static Answer answer(PretrainedModel model, List<int[]> sequences, float scale) {
    TokenBatch batch = TokenBatch.of(sequences);
    float[] logits;
    double loss;
    try (Scope _ = Scope.open()) {
      logits = model.forward(batch, Pass.training(0, 0)).value().toFloatArray();
      var sum = model.loss(batch, batch.tokens(), CrossEntropySettings.PLAIN, scale, Pass.training(0, 0)).loss();
      sum.backward();
      loss = sum.value().item();
    }
    Map<String, float[]> gradients = new TreeMap<>();
    for (Parameter parameter : model.parameters().values()) {
      gradients.put(parameter.name(), parameter.gradient().toFloatArray());
      parameter.clearGradient();
    }
    return new Answer(logits, loss, gradients);
  }

  private static float largest(float[] values) {
    float most = 0;
    for (float value : values) {
      most = Math.max(most, Math.abs(value));
    }
    return most;
  }

  private static void assertClose(String what, float[] expected, float[] actual, double tolerance) {
    float bound = (float) (tolerance * largest(expected));
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], bound, what + " " + i);
    }
  }

  private void compare(String family, int[] lengths, boolean bits) throws IOException {
    PretrainedModel model = model(family);
    List<int[]> sequences = sequences(lengths);
    int labelled = Arrays.stream(lengths).sum() - lengths.length;
    Answer packed = answer(model, sequences, 1f / labelled);
    String embedding = packed.gradients.keySet().stream().filter(name -> name.endsWith("embed_tokens.weight")).findFirst()
        .orElse(null);
    Map<String, float[]> sums = new TreeMap<>();
    double loss = 0;
    int from = 0;
    for (int[] sequence : sequences) {
      Answer alone = answer(model, List.of(sequence), 1f / labelled);
      float[] part = Arrays.copyOfRange(packed.logits, from * VOCABULARY, (from + sequence.length) * VOCABULARY);
      if (bits) {
        assertArrayEquals(alone.logits, part, "logits");
      } else {
        assertClose("logits", alone.logits, part, 4e-6);
      }
      if (embedding != null) { // not tied to the head: rows are gradients of what goes in
        for (int token : sequence) {
          float[] expected = Arrays.copyOfRange(alone.gradients.get(embedding), token * 128, token * 128 + 128);
          float[] actual = Arrays.copyOfRange(packed.gradients.get(embedding), token * 128, token * 128 + 128);
          if (bits) {
            assertArrayEquals(expected, actual, "gradient of what goes in");
          } else {
            assertClose("gradient of what goes in", expected, actual, 2e-5);
          }
        }
      }
      alone.gradients.forEach((name, gradient) -> {
        float[] sum = sums.computeIfAbsent(name, _ -> new float[gradient.length]);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += gradient[i];
        }
      });
      loss += alone.loss;
      from += sequence.length;
    }
    assertEquals(loss, packed.loss, 1e-6 * loss);
    packed.gradients.forEach((name, gradient) -> assertClose(name, sums.get(name), gradient, 4e-6));
    assertTrue(largest(packed.logits) > 0.1f);
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"llama", "mistral", "qwen3", "gpt2"})
  void aSequenceOfMoreThan65TokensHasTheSameBitsPackedAndAlone(String family) throws IOException {
    compare(family, LONG, true);
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"llama", "mistral", "qwen3", "gpt2"})
  void aShorterOneHasTheSameNumbersToRounding(String family) throws IOException {
    compare(family, SHORT, false);
  }
}
