package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.HoneException;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterException;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.BottleneckConfig;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.PromptConfig;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Values in configurations that mean harm: each ends in one line with file, key, value and rule, before room is made for what it
 * asks for.
 */
class HostileConfigsTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long MAX_BYTES = 200_000_000;

  @TempDir
  Path directory;

  @BeforeEach
  void prepare() throws IOException {
    TinyLanguageModel.write(directory);
  }

  /** One line that holds these words, and little memory; memory of this thread alone, so others do not disturb. */
  static void assertRefused(Class<? extends HoneException> kind, Executable attempt, String... words) {
    com.sun.management.ThreadMXBean thread = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();
    String message = assertThrows(kind, attempt).getMessage();
    long used = thread.getCurrentThreadAllocatedBytes() - before;
    for (String word : words) {
      assertTrue(message.contains(word), message + "\nmust contain: " + word);
    }
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.length() < 600, message);
    assertTrue(used < MAX_BYTES, () -> used + " bytes: " + message);
  }

  private Path put(String name, String key, String json) throws IOException {
    Path file = directory.resolve(name);
    ObjectNode tree = Files.exists(file) ? (ObjectNode) JSON.readTree(Files.readString(file)) : JSON.createObjectNode();
    JsonNode value = JSON.readTree(json);
    tree.set(key, value);
    return Files.writeString(file, JSON.writeValueAsString(tree));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "num_hidden_layers | 100000000 | from 1 to 10000",
      "num_hidden_layers | 9999 | only 20 tensors",
      "num_hidden_layers | 2.5 | a whole number",
      "num_hidden_layers | {\"a\": 2} | {\"a\":2}",
      "hidden_size | 2147483647 | from 1 to 16777216",
      "hidden_size | 16777216 | misshapen",
      "vocab_size | -1 | from 1",
      "intermediate_size | 16000000 | misshapen",
      "num_attention_heads | 5 | must be a multiple of",
      "head_dim | 16000000 | times a width of 16000000",
      "num_key_value_heads | 0 | from 1",
      "num_key_value_heads | 3 | must be a multiple of 'num_key_value_heads' 3",
      "rms_norm_eps | 1e300 | above 0 and at most 1",
      "rms_norm_eps | 1e-60 | above 0",
      "rms_norm_eps | 0 | above 0",
      "rms_norm_eps | \"1e-6\" | a number",
      "attention_dropout | 1 | below 1",
      "initializer_range | 1e300 | of at least 0",
      "rope_theta | 1 | above 1",
      "rope_theta | 1e999 | above 1",
      "rope_scaling | [] | an object",
      "rope_scaling | {\"rope_type\": \"linear\", \"factor\": 0.5} | of at least 1",
      "rope_scaling | {\"rope_type\": \"linear\"} | 'factor' is missing",
      "rope_scaling | {\"rope_type\": {}} | a text",
      "rope_scaling | {\"rope_type\": \"yarn\", \"factor\": 2, \"attention_factor\": 1e300} | above 0",
      "pad_token_id | -2 | of at least -1",
      "hidden_act | {\"name\": \"silu\"} | a text",
      "tie_word_embeddings | \"yes\" | true or false",
      "layer_types | {\"0\": \"full_attention\"} | a list of texts",
      "architectures | [{}] | a list of texts",
      "model_type | 3 | a text"})
  void aValueOfAModelOutOfItsRange(String key, String value, String rule) throws IOException {
    put("config.json", key, value);
    assertRefused(ModelException.class, () -> PretrainedModel.load(directory, null, null), "config.json", rule);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "query_pre_attn_scalar | 0 | above 0",
      "final_logit_softcapping | 0 | above 0",
      "attn_logit_softcapping | -50 | above 0",
      "sliding_window | 0 | of at least 1",
      "sliding_window_pattern | 0 | from 1",
      "head_dim | -256 | from 1"})
  void aValueOfGemmaOutOfItsRange(String key, String value, String rule) throws IOException {
    put("config.json", "model_type", "\"gemma3_text\"");
    put("config.json", "head_dim", "8");
    ModelLoader.configOf(directory.resolve("config.json"));
    put("config.json", key, value);
    assertRefused(ModelException.class, () -> ModelLoader.configOf(directory.resolve("config.json")), "config.json: '" + key
        + "'",
        rule);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "eos_token_id | -1 | of at least 0",
      "eos_token_id | [1, -7] | of at least 0, is -7",
      "eos_token_id | 1e300 | a whole number",
      "eos_token_id | {\"id\": 1} | a list of whole numbers",
      "max_new_tokens | 0 | of at least 1",
      "min_new_tokens | 999999 | ",
      "temperature | -1 | of at least 0",
      "temperature | 1e300 | of at least 0",
      "top_k | -1 | of at least 0",
      "top_p | 0 | above 0 and at most 1",
      "min_p | 2 | at most 1",
      "repetition_penalty | 0 | above 0",
      "do_sample | \"true\" | true or false"})
  void aValueOfGenerationOutOfItsRange(String key, String value, String rule) throws IOException {
    put("generation_config.json", "do_sample", "true");
    put("generation_config.json", "max_new_tokens", "50");
    put("generation_config.json", key, value);
    assertRefused(ModelException.class, () -> GenerationSettings.read(directory), "generation_config.json: '" + key + "'",
        rule == null ? "" : rule);
  }

  @Test
  void anEndTokenBehindTheVocabularyIsPassedOver() throws IOException {
    put("generation_config.json", "eos_token_id", "[1, 2000000000]");
    GenerationSettings settings = GenerationSettings.read(directory);
    assertEquals(java.util.Set.of(1, 2_000_000_000), settings.endTokens());
    PretrainedModel model = PretrainedModel.load(directory, Task.CAUSAL_LM);
    GenerationSettings three = new GenerationSettings(3, 3, settings.sampling(), settings.endTokens(), List.of());
    assertEquals(3, new dev.hone.nn.generate.Generator(model, ids -> "").generate(List.of(new int[] {5, 6}), three,
        (prompt, token) -> { }).getFirst().tokens().length);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
      "r | 2147483647 | from 1",
      "r | 1000000 | makes it 1000000, but the largest rank in adapter_model.safetensors is 4",
      "r | 0 | from 1",
      "r | \"8\" | from 1",
      "rank_pattern | {\".*\": 1000000} | makes it 1000000",
      "rank_pattern | {\".*\": {}} | a whole number",
      "lora_alpha | 1e999 | that a float can hold",
      "lora_alpha | 1e300 | that a float can hold",
      "alpha_pattern | {\"q_proj\": 1e300} | that a float can hold",
      "lora_dropout | 1 | below 1",
      "target_modules | {\"a\": 1} | a list of texts",
      "target_modules | [[\"q_proj\"]] | a list of texts",
      "modules_to_save | 3 | a list of texts",
      "layers_to_transform | [-1] | of at least 0",
      "bias | {} | a text",
      "init_lora_weights | {} | true or false",
      "task_type | [] | a text",
      "peft_type | {} | a text"})
  void aValueOfAnAdapterOutOfItsRange(String key, String value, String rule) throws IOException {
    Path adapter = directory.resolve("adapter");
    AdapterFiles.save(Adapter.attach(PretrainedModel.load(directory, Task.CAUSAL_LM), LoraConfig.of(4, 8), 1), adapter, "tiny");
    put("adapter/adapter_config.json", key, value);
    assertRefused(AdapterException.class, () -> AdapterFiles.load(adapter, AdapterFiles.base(adapter, directory)),
        "adapter_config.json", rule);
  }

  @Test
  void sizesOfOtherMethodsAreComparedWithTheFileFirst() throws IOException {
    Path adapter = directory.resolve("adapter");
    AdapterFiles.save(Adapter.attach(PretrainedModel.load(directory, Task.CAUSAL_LM), PromptConfig.of(3), 1), adapter, "tiny");
    put("adapter/adapter_config.json", "num_virtual_tokens", "10000000");
    assertRefused(AdapterException.class, () -> AdapterFiles.load(adapter, AdapterFiles.base(adapter, directory)),
        "'num_virtual_tokens' makes it 10000000, but the largest number in adapter_model.safetensors is 3");
    AdapterFiles.save(Adapter.attach(PretrainedModel.load(directory, Task.CAUSAL_LM),
        BottleneckConfig.of(BottleneckConfig.Placement.PFEIFFER, 4), 1), adapter, "tiny");
    put("adapter/adapter_config.json", "bottleneck_size", "10000000");
    assertRefused(AdapterException.class, () -> AdapterFiles.load(adapter, AdapterFiles.base(adapter, directory)),
        "'bottleneck_size' makes it 10000000, but the largest width in adapter_model.safetensors is 4");
  }

  @Test
  void aRankThatNoMatrixHoldsIsRefusedInTrainingToo() {
    PretrainedModel model = PretrainedModel.load(directory, Task.CAUSAL_LM);
    assertRefused(AdapterException.class, () -> Adapter.attach(model, LoraConfig.of(Integer.MAX_VALUE, 8), 1),
        "r 2147483647", "more than an array holds");
    assertTrue(assertThrows(IllegalArgumentException.class, () -> LoraConfig.of(8, Double.POSITIVE_INFINITY)).getMessage()
        .contains("lora_alpha must be finite"));
  }

  @Test
  void longValuesAreShortened() throws IOException {
    String value = "\"" + "long".repeat(750) + "\"";
    put("config.json", "model_type", value);
    assertRefused(ModelException.class, () -> PretrainedModel.load(directory, Task.CAUSAL_LM), "longlong", "(3000 characters)");
    put("config.json", "model_type", "{\"x\": " + value + "}");
    assertRefused(ModelException.class, () -> PretrainedModel.load(directory, Task.CAUSAL_LM), "longlong", "characters)");
  }

  @Test
  void filesThatAreNoConfigurationSayWhy() throws IOException {
    Path file = directory.resolve("config.json");
    Files.writeString(file, "{\"hidden_size\": 32,");
    assertRefused(ModelException.class, () -> ModelLoader.configOf(file), "config.json: cannot be read as JSON", "line 1");
    Files.writeString(file, "[".repeat(100_000));
    assertRefused(ModelException.class, () -> ModelLoader.configOf(file), "config.json: cannot be read as JSON");
    Files.write(file, new byte[] {'{', '"', (byte) 0xC3, '"', '}'});
    assertRefused(ModelException.class, () -> ModelLoader.configOf(file), "it is not UTF-8");
    Files.writeString(file, "[1, 2]");
    assertRefused(ModelException.class, () -> ModelLoader.configOf(file), "expected a JSON object, is [1,2]");
  }

  @Test
  void newWeightsBeyondTheHeapAreRefusedBeforeTheyAreMade() throws IOException {
    put("config.json", "vocab_size", "16777216");
    put("config.json", "hidden_size", "16777216");
    assertRefused(ModelException.class, () -> ModelLoader.ofConfig(directory.resolve("config.json")).load(), "new weights: up to",
        "-Xmx");
  }
}
