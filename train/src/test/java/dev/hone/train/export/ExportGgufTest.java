package dev.hone.train.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.io.TensorFileException;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.gguf.GgufFile;
import dev.hone.nn.gguf.GgufModel;
import dev.hone.nn.gguf.GgufType;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Files for llama.cpp: what is read again, and against the bytes of llama.cpp's own converter. */
class ExportGgufTest {
  private static final Path REFERENCE = Path.of(System.getProperty("hone.shared", "../../shared"), "reference", "gguf", "models");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir
  private Path temporary;

  /** A Llama whose tokenizer cuts text as GPT-2's does. */
  private Path model() throws IOException {
    Path base = TinyLanguageModel.write(temporary.resolve("model"));
    Path tokenizer = base.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer).replace("\"use_regex\":false", "\"use_regex\":true"));
    return base;
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama_gqa_tied", "llama_mha_untied", "llama3_rope", "mistral", "qwen2", "qwen3", "gemma2",
      "gemma3", "phi3", "phi3_longrope", "gpt2"})
  void theBytesOfEveryTensorAreThoseOfTheConverter(String name) throws Exception {
    assumeTrue(Files.isDirectory(REFERENCE), REFERENCE + " is absent: no files of llama.cpp's converter to compare with");
    JsonNode expected = JSON.readTree(Files.readAllBytes(REFERENCE.resolve(name + "/expected.json"))).get("files");
    for (GgufType type : List.of(GgufType.F32, GgufType.F16, GgufType.BF16, GgufType.Q8_0)) {
      Path file = temporary.resolve(type + ".gguf");
      ExportGguf.write(REFERENCE.resolve(name + "/hf"), null, file, type, "tiny " + name);
      assertEquals(hashes(expected.get(type.name().toLowerCase(Locale.ROOT)).get("tensors")), hashes(file), name + " " + type);
      requireMetadata(expected.get("f32").get("metadata"), GgufFile.open(file).metadata(), type);
    }
  }

  /** SHA-256 of the bytes of each tensor of a file. */
  static Map<String, String> hashes(Path file) throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    Map<String, String> tensors = new TreeMap<>();
    for (GgufFile.Entry entry : GgufFile.open(file).tensors().values()) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes, (int) entry.offset(), (int) entry.bytes());
      tensors.put(entry.name(), HexFormat.of().formatHex(digest.digest()));
    }
    return tensors;
  }

  /** The converter's. */
  static Map<String, String> hashes(JsonNode expected) {
    Map<String, String> wanted = new TreeMap<>();
    for (JsonNode tensor : expected) {
      wanted.put(tensor.get("name").stringValue(), tensor.get("sha256").stringValue());
    }
    return wanted;
  }

  /** Each value of the converter's, but for what it does otherwise: scores, and types of tokens that it takes from elsewhere. */
  static void requireMetadata(JsonNode wanted, Map<String, Object> metadata, GgufType type) {
    for (JsonNode entry : wanted) {
      String key = entry.get("key").stringValue();
      Object value = metadata.get(key);
      if (key.equals("general.file_type") || key.equals("tokenizer.ggml.scores") || key.equals("tokenizer.ggml.token_type")) {
        continue;
      }
      assertNotNull(value, key);
      if (entry.has("value")) {
        JsonNode own = entry.get("value");
        if (own.isNumber()) {
          assertEquals(own.doubleValue(), ((Number) value).doubleValue(), key);
        } else {
          assertEquals(own.asString(), value.toString(), key);
        }
      } else {
        List<?> all = (List<?>) value;
        assertEquals(entry.get("length").intValue(), all.size(), key);
        int shown = entry.get("first").size();
        for (int i = 0; i < shown; i++) {
          assertEquals(entry.get("first").get(i).stringValue(), all.get(i), key + " " + i);
          assertEquals(entry.get("last").get(i).stringValue(), all.get(all.size() - shown + i), key + " " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama_all, llama_gqa_tied, false", "gemma3_all, gemma3, false", "phi3_fused, phi3, false",
      "llama_head, llama_mha_untied, false", "llama_embed, llama_mha_untied, false", "qwen2_rslora, qwen2, true",
      "llama_patterns, llama_mha_untied, true", "gpt2_conv1d, gpt2, true"})
  void adaptersAreThoseOfTheConverter(String name, String base, boolean mended) throws IOException {
    Path folder = REFERENCE.resolveSibling("lora").resolve(name);
    assumeTrue(Files.isDirectory(folder), folder + " is absent: no adapters of llama.cpp's converter to compare with");
    Path file = temporary.resolve("adapter.gguf");
    ExportGguf.writeLora(REFERENCE.resolve(base + "/hf"), folder.resolve("adapter"), file, "x");
    GgufFile wanted = GgufFile.open(folder.resolve(name + (mended ? "-right.gguf" : ".gguf")));
    GgufFile own = GgufFile.open(file);
    assertEquals(wanted.tensors().keySet(), own.tensors().keySet());
    for (String key : List.of("general.architecture", "general.type", "adapter.type", "adapter.lora.alpha")) {
      assertEquals(wanted.metadata().get(key), own.metadata().get(key), key);
    }
    for (String tensor : wanted.tensors().keySet()) {
      assertArrayEquals(wanted.tensors().get(tensor).shape(), own.tensors().get(tensor).shape(), tensor);
      assertArrayEquals(wanted.values(tensor), own.values(tensor), name.equals("llama_patterns") ? 1e-6f : 0, tensor);
    }
  }

  @ParameterizedTest
  @CsvSource({"llama_dora, llama_gqa_tied, use_dora", "llama_bias, llama_gqa_tied, it has biases",
      "llama_modules_to_save, llama_mha_untied, modules_to_save"})
  void adaptersThatAreMoreThanPairsAreRefused(String name, String base, String why) {
    Path folder = REFERENCE.resolveSibling("lora").resolve(name);
    assumeTrue(Files.isDirectory(folder), folder + " is absent: no such adapters");
    String message = assertThrows(ModelException.class, () -> ExportGguf.writeLora(REFERENCE.resolve(base + "/hf"),
        folder.resolve("adapter"), temporary.resolve("x.gguf"), "x")).getMessage();
    assertTrue(message.contains(why), message);
  }

  @Test
  void ollamaGetsTheTemplateInItsLanguage() throws IOException {
    Path base = model();
    Path settings = base.resolve("tokenizer_config.json");
    String json = Files.readString(settings);
    String chatml = "{{ bos_token }}{% if messages[0].role != 'system' %}<|im_start|>system\nHi<|im_end|>\n{% endif %}"
        + "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n{% endfor %}"
        + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
    assertEquals("""
        FROM ./x.gguf
        TEMPLATE \"""{{ if not .System }}<|im_start|>system
        Hi<|im_end|>
        {{ end }}{{ range .Messages }}{{ if eq .Role "system" }}<|im_start|>system
        {{ .Content }}<|im_end|>
        {{ else if eq .Role "user" }}<|im_start|>user
        {{ .Content }}<|im_end|>
        {{ else if eq .Role "assistant" }}<|im_start|>assistant
        {{ .Content }}<|im_end|>
        {{ end }}{{ end }}<|im_start|>assistant
        \"""
        PARAMETER stop "</s>"
        PARAMETER stop "<|im_end|>"
        PARAMETER num_ctx 128
        """, modelfile(base, settings, json, chatml, List.of()));
    String gemma = "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        + "{% for m in messages %}{{ '<t>' + ('model' if m.role == 'assistant' else m.role) }}:{{ m.content }}</t>{% endfor %}"
        + "{% if add_generation_prompt %}<t>model:{% endif %}";
    assertEquals("""
        FROM ./x.gguf
        TEMPLATE \"""{{ range .Messages }}{{ if eq .Role "user" }}<t>user:{{ .Content }}</t>{{ else if eq .Role "assistant" }}\
        <t>model:{{ .Content }}</t>{{ end }}{{ end }}<t>model:\"""
        PARAMETER stop "</s>"
        PARAMETER stop "</t>"
        PARAMETER num_ctx 128
        """, modelfile(base, settings, json, gemma, List.of("no place of its own for a system message")));
    String counted = "{% for m in messages %}{{ loop.index }}{{ m.content }}{% endfor %}";
    assertEquals("""
        FROM ./x.gguf
        PARAMETER stop "</s>"
        PARAMETER num_ctx 128
        """, modelfile(base, settings, json, counted, List.of("the Modelfile has no TEMPLATE")));
  }

  private String modelfile(Path base, Path settings, String json, String template, List<String> warned) throws IOException {
    ObjectNode tree = (ObjectNode) JSON.readTree(json);
    Files.writeString(settings, JSON.writeValueAsString(tree.put("chat_template", template)));
    Path file = temporary.resolve("x.gguf");
    List<String> warnings = ExportGguf.write(base, null, file, GgufType.F16, "x").warnings();
    assertEquals(warned.size(), warnings.size(), warnings.toString());
    warned.forEach(warning -> assertTrue(warnings.toString().contains(warning), warnings.toString()));
    return Files.readString(file.resolveSibling("Modelfile"));
  }

  @Test
  void theAdaptersOwnTemplateAndEndsGoIntoTheFile() throws IOException {
    Path base = model();
    PretrainedModel model = PretrainedModel.load(base, Task.CAUSAL_LM);
    Path adapter = temporary.resolve("adapter");
    AdapterFiles.save(Adapter.attach(model, LoraConfig.of(2, 4), 1), adapter, "base");
    Files.writeString(adapter.resolve("chat_template.jinja"), "{% for m in messages %}<{{ m.content }}>{% endfor %}");
    Files.writeString(adapter.resolve("generation_config.json"), "{\"eos_token_id\": [1, 7]}");
    Path file = temporary.resolve("x.gguf");
    ExportGguf.Result result = ExportGguf.write(base, adapter, file, GgufType.Q8_0, "x");
    Map<String, Object> metadata = GgufFile.open(file).metadata();
    assertEquals("{% for m in messages %}<{{ m.content }}>{% endfor %}", metadata.get("tokenizer.chat_template"));
    assertEquals(1, metadata.get("tokenizer.ggml.eos_token_id"));
    assertEquals(7, metadata.get("tokenizer.ggml.eot_token_id"));
    assertTrue(result.logProbability() > 0 && result.logProbability() < 0.5, "" + result);
    assertEquals(result.perplexity(), result.perplexityRead(), 0.02 * result.perplexity());
  }

  @Test
  void oneWrongWeightIsFound() throws IOException {
    Path base = model();
    Path file = temporary.resolve("model.gguf");
    GgufModel model = new GgufModel(PretrainedModel.load(base, Task.CAUSAL_LM));
    for (GgufType type : GgufType.values()) {
      ExportGguf.Result result = ExportGguf.write(base, null, file, type, "tiny");
      double most = type.isQuantized() && type != GgufType.Q8_0 ? 0.16 : 0.005;
      assertTrue(result.rounding() <= most, type + ": " + result.rounding());
      GgufFile read = GgufFile.open(file);
      GgufFile.Entry last = read.tensors().get("blk.0.attn_v.weight");
      byte[] bytes = Files.readAllBytes(file);
      bytes[(int) (last.offset() + last.bytes()) - 1] ^= 0x10;
      Files.write(file, bytes);
      String message = assertThrows(TensorFileException.class, () -> model.check(file)).getMessage();
      assertTrue(message.contains("blk.0.attn_v.weight differs"), message);
    }
  }

  @Test
  void metadataSaysTheModelAndItsTokens() throws IOException {
    Path base = model();
    Path file = temporary.resolve("model.gguf");
    ExportGguf.write(base, null, file, GgufType.F16, "tiny");
    GgufFile read = GgufFile.open(file);
    PretrainedModel model = PretrainedModel.load(base, Task.CAUSAL_LM);
    assertEquals(model.config().layers(), read.metadata().get("llama.block_count"));
    assertEquals(model.config().vocabSize(), ((List<?>) read.metadata().get("tokenizer.ggml.tokens")).size());
    assertEquals(1, read.metadata().get("general.file_type"));
    float[] norm = model.parameters().get("model.norm.weight").value().toFloatArray();
    assertArrayEquals(norm, read.values("output_norm.weight"));
  }

  @Test
  void whatLlamaCppDoesNotHaveIsRefused() throws IOException {
    Path bert = TinyModel.write(temporary.resolve("bert"));
    assertThrows(ModelException.class, () -> ExportGguf.write(bert, null, temporary.resolve("x.gguf"), GgufType.F16, "x"));
    Path base = model();
    Path tokenizer = base.resolve("tokenizer.json");
    String json = Files.readString(tokenizer);
    Files.delete(tokenizer);
    refused(base, "no tokenizer.json");
    Files.writeString(tokenizer, json.replace("\"ByteLevel\"", "\"Whitespace\""));
    refused(base, "llama.cpp knows rules of cutting text by name");
  }

  @Test
  void whatTheTokenizerDoesToTextAndLlamaCppDoesNotIsRefused() throws IOException {
    Path base = model();
    Path path = base.resolve("tokenizer.json");
    String json = Files.readString(path);
    String first = "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},";
    for (String normalizer : List.of("{\"type\":\"Lowercase\"}", first + "{\"type\":\"Strip\"}]}")) {
      Files.writeString(path, json.replace("\"pre_tokenizer\"", "\"normalizer\":" + normalizer + ",\"pre_tokenizer\""));
      refused(base, "is not in GGUF: llama.cpp takes text of byte-level BPE as it is");
    }
    Files.writeString(path, json.replace("\"rstrip\":false", "\"rstrip\":true"));
    refused(base, "the added token '<s>' has rstrip");
    Files.writeString(path, json.replace("\"add_prefix_space\":false", "\"add_prefix_space\":true"));
    refused(base, "its ByteLevel puts a space before text");
    Files.writeString(path, json.replace("\"merges\":[\": \u0120\"]", "\"merges\":[],\"ignore_merges\":true"));
    refused(base, "no merge makes the token ':\u0120'");
    Files.writeString(path, json);
    Path settings = base.resolve("tokenizer_config.json");
    Files.writeString(settings, Files.readString(settings).replace("\"bos_token\":\"<s>\"", "\"bos_token\":\"</s>\""));
    refused(base, "its post_processor makes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"content\":\"_\"", "\"type\":\"NFKC\"", "\"prepend\":\"x\""})
  void piecesTakeNoOtherStep(String other) throws IOException {
    Path from = REFERENCE.resolve("llama_json_only/hf");
    assumeTrue(Files.isDirectory(from), from + " is absent: there is no tokenizer of pieces");
    Path base = Files.createDirectory(temporary.resolve("pieces"));
    for (String name : List.of("config.json", "model.safetensors", "tokenizer_config.json")) {
      Files.copy(from.resolve(name), base.resolve(name));
    }
    String json = JSON.readTree(Files.readAllBytes(from.resolve("tokenizer.json"))).toString();
    Files.writeString(base.resolve("tokenizer.json"), json);
    ExportGguf.write(base, null, temporary.resolve("x.gguf"), GgufType.F16, "x");
    String was = other.replace("_", "\u2581").replace("NFKC", "Replace").replace(":\"x", ":\"\u2581");
    Files.writeString(base.resolve("tokenizer.json"), json.replace(was, other));
    refused(base, "is not in GGUF: llama.cpp turns spaces into \u2581");
  }

  @Test
  void composedTextIsToldOf() throws IOException {
    Path base = model();
    Path path = base.resolve("tokenizer.json");
    Files.writeString(path, Files.readString(path).replace("\"pre_tokenizer\"",
        "\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\""));
    List<String> warnings = ExportGguf.write(base, null, temporary.resolve("x.gguf"), GgufType.F16, "x").warnings();
    assertTrue(warnings.toString().contains("not composed (NFC)"), warnings.toString());
  }

  private void refused(Path base, String why) {
    String message = assertThrows(ModelException.class,
        () -> ExportGguf.write(base, null, temporary.resolve("x.gguf"), GgufType.F16, "x")).getMessage();
    assertTrue(message.contains(why), message);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 30, 200})
  void aFileThatIsCutIsRefused(int length) throws IOException {
    Path base = model();
    Path file = temporary.resolve("model.gguf");
    ExportGguf.write(base, null, file, GgufType.F16, "tiny");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
    assertThrows(TensorFileException.class, () -> GgufFile.open(file));
  }
}
