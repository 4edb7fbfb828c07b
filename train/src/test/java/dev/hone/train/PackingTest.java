package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.DType;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import dev.hone.lora.Adapter;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.CausalHead;
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
 * Sequences packed into one batch against each alone, on models wide enough for every way in which products are computed: bit
 * for bit the logits, the gradients of what goes in, and those of linear layers, which sequence after sequence adds to. Those of
 * norms and biases are summed in blocks of rows, and those of a head in one sum a batch, so that they agree to rounding.
 */
class PackingTest {
  private static final int VOCABULARY = 700;
  private static final int[] LENGTHS = {1, 2, 3, 5, 8, 9, 13, 64, 65, 66, 100};
  private static final Map<String, String> CONFIGS = Map.of(
      "llama", "\"model_type\": \"llama\", \"num_key_value_heads\": 2",
      "mistral", "\"model_type\": \"mistral\", \"num_key_value_heads\": 2, \"sliding_window\": 24",
      "qwen3", "\"model_type\": \"qwen3\", \"num_key_value_heads\": 2, \"head_dim\": 32",
      "bert", "\"model_type\": \"bert\", "
          + "\"hidden_act\": \"gelu\", \"hidden_dropout_prob\": 0, \"attention_probs_dropout_prob\": 0",
      "gpt2", "\"model_type\": \"gpt2\", \"n_embd\": 128, \"n_layer\": 2, \"n_head\": 4, \"n_positions\": 256, \"resid_pdrop\": "
      + "0, "
          + "\"embd_pdrop\": 0, \"attn_pdrop\": 0");

  @TempDir
  Path directory;

  private PretrainedModel model(String family) throws IOException {
    Path config = Files.writeString(directory.resolve("config.json"), "{" + CONFIGS.get(family) + ", \"vocab_size\": "
        + VOCABULARY
        + ", \"hidden_size\": 128, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"intermediate_size\": 450, "
        + "\"max_position_embeddings\": 256, \"initializer_range\": 0.1, \"tie_word_embeddings\": " + family.equals("gpt2")
        + "}");
    Task task = family.equals("bert") ? Task.SEQUENCE_CLASSIFICATION : Task.CAUSAL_LM;
    PretrainedModel model = ModelLoader.ofConfig(config).task(task).seed(3).load();
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

  /** Logits and loss of a batch, whose gradients add to what the parameters have. */
  private record Answer(float[] logits, double loss) {}

  private static Answer answer(PretrainedModel model, List<int[]> sequences, float scale) {
    TokenBatch batch = TokenBatch.of(sequences);
    try (Scope _ = Scope.open()) {
      Variable logits = model.forward(batch, Pass.training(0, 0));
      float[] values = logits.value().toFloatArray();
      Variable loss;
      if (model.head() instanceof CausalHead) {
        loss = model.loss(batch, batch.tokens(), CrossEntropySettings.PLAIN, scale, Pass.training(0, 0)).loss();
      } else {
        int[] labels = sequences.stream().mapToInt(sequence -> sequence.length % 2).toArray();
        loss = LossOps.crossEntropy(logits, labels, CrossEntropySettings.PLAIN, scale);
      }
      loss.backward();
      return new Answer(values, loss.value().item());
    }
  }

  /** The gradients, which are then forgotten. */
  private static Map<String, float[]> gradients(PretrainedModel model) {
    Map<String, float[]> gradients = new TreeMap<>();
    for (Parameter parameter : model.parameters().values()) {
      if (parameter.gradient() != null) {
        gradients.put(parameter.name(), parameter.gradient().toFloatArray());
        parameter.clearGradient();
      }
    }
    return gradients;
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

  private static void compare(PretrainedModel model) {
    List<int[]> sequences = sequences(LENGTHS);
    float scale = 1f / Arrays.stream(LENGTHS).sum();
    Answer packed = answer(model, sequences, scale);
    Map<String, float[]> whole = gradients(model);
    boolean everyToken = model.head() instanceof CausalHead;
    double loss = 0;
    int from = 0;
    for (int[] sequence : sequences) {
      Answer alone = answer(model, List.of(sequence), scale);
      int to = from + alone.logits.length;
      assertArrayEquals(alone.logits, Arrays.copyOfRange(packed.logits, from, to), "logits of " + sequence.length + " tokens");
      loss += alone.loss;
      from = to;
    }
    assertEquals(packed.logits.length, from);
    assertEquals(loss, packed.loss, 1e-6 * loss);
    assertTrue(largest(packed.logits) > 0.1f);
    Map<String, float[]> parts = gradients(model);
    assertEquals(whole.keySet(), parts.keySet());
    int exact = 0;
    for (String name : whole.keySet()) {
      boolean table = name.endsWith("embed_tokens.weight") || name.endsWith("word_embeddings.weight");
      boolean linear = name.matches(
          ".*(layers|layer|h)\\.\\d.*(proj|query|key|value|dense|c_attn|c_fc|lora_[AB])(\\.default)?\\.weight");
      if (table || linear) { // no token occurs twice: a row of the table is the gradient of what goes in at one place
        assertArrayEquals(whole.get(name), parts.get(name), name);
        exact++;
      } else if (!name.endsWith("key.bias")) { // softmax ignores it: its gradient is 0 but for rounding
        assertClose(name, whole.get(name), parts.get(name), 4e-6);
      }
    }
    assertTrue(exact >= 8, "only " + exact + " of " + whole.keySet());
    assertTrue(everyToken || packed.logits.length == 2 * LENGTHS.length);
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"llama", "mistral", "qwen3", "gpt2", "bert"})
  void aSequenceHasTheSameBitsPackedAndAlone(String family) throws IOException {
    int before = Workers.threads();
    try {
      for (int threads = 1; threads <= 3; threads++) {
        Workers.setThreads(threads);
        compare(model(family));
      }
    } finally {
      Workers.setThreads(before);
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"llama", "gpt2", "bert"})
  void soItHasWithAnAdapterOnAFrozenBaseOfBrainFloats(String family) throws IOException {
    PretrainedModel made = model(family);
    made.save(directory.resolve("stored"), DType.BF16);
    PretrainedModel model = new ModelLoader(directory.resolve("stored")).task(made.task()).load();
    Adapter.attach(model, LoraConfig.of(4, 8).withTargets(List.of(LoraConfig.ALL_LINEAR)), 1);
    for (Parameter parameter : model.parameters().values()) {
      if (parameter.name().contains("lora_B")) {
        Tensor b = parameter.value();
        new Philox(5, 0).fillNormal(b.array(), b.offset(), (int) b.size(), 0, 0.05f);
      }
    }
    compare(model);
  }
}
