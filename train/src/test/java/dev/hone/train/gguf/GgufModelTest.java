package dev.hone.train.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.autograd.GradMode;
import dev.hone.core.HoneException;
import dev.hone.core.Scope;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.gguf.GgufFile;
import dev.hone.nn.gguf.GgufModel;
import dev.hone.nn.gguf.GgufType;
import dev.hone.nn.gguf.GgufWriter;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TrainConfig;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.export.ExportGguf;
import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Files of llama.cpp as models: their answers, their tokens, and the bits of what is written back. */
class GgufModelTest {
  private static final Path REFERENCE = Path.of(System.getProperty("hone.shared", "../../shared"), "reference", "gguf", "models");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir
  private Path temporary;

  private Path directory(Path file) throws IOException {
    Path own = temporary.resolve(file.getFileName());
    if (!own.equals(file)) {
      Files.copy(file, own);
    }
    return ModelCache.at(temporary.resolve("cache")).directory(ModelReference.parse(own.toString()), _ -> { });
  }

  private static float[] logits(PretrainedModel model, int[] ids) {
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      return model.forward(TokenBatch.of(List.of(ids)), Pass.inference()).value().toFloatArray();
    }
  }

  /** What one number of the logits of such small models may be off by, the weights rounded to the type. */
  @ParameterizedTest
  @CsvSource({"llama_gqa_tied, bf16, 0.3", "llama_mha_untied, f32, 0", "llama_mha_untied, q8_0, 1", "llama3_rope, f16, 0.02",
      "mistral, f16, 0.02", "qwen2, f32, 0", "qwen3, q8_0, 1", "gemma2, f16, 0.02", "gemma3, q8_0, 1", "phi3, f16, 0.02",
      "phi3_longrope, q8_0, 1", "gpt2, f16, 0.02"})
  void answersAreThoseOfTheDirectoryItWasMadeOf(String name, String type, double most) throws IOException {
    Path stored = REFERENCE.resolve(name + "/" + name + "-" + type + ".gguf");
    assumeTrue(Files.isRegularFile(stored), stored + " is absent: no file of llama.cpp's converter to read");
    JsonNode expected = JSON.readTree(Files.readAllBytes(REFERENCE.resolve(name + "/expected.json")));
    int[] ids = new int[expected.get("prompt_ids").size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = expected.get("prompt_ids").get(i).intValue();
    }
    Path readable = name.startsWith("phi3") || name.startsWith("gemma") ? null : directory(stored);
    if (readable == null) { // the converter's scores are all alike; ours are not
      Path own = temporary.resolve("own.gguf");
      ExportGguf.write(REFERENCE.resolve(name + "/hf"), null, own, GgufType.valueOf(type.toUpperCase(Locale.ROOT)), name);
      readable = directory(own);
    }
    PretrainedModel read = PretrainedModel.load(readable, Task.CAUSAL_LM);
    float[] wanted = logits(PretrainedModel.load(REFERENCE.resolve(name + "/hf"), Task.CAUSAL_LM), ids);
    assertArrayEquals(wanted, logits(read, ids), (float) most, name);
    assertEquals(type.equals("q8_0"), read.quantization() != null);
    Tokenizer tokenizer = Tokenizer.load(readable);
    for (JsonNode text : expected.get("tokenize")) {
      if (name.startsWith("qwen") && text.get("text").stringValue().contains("\u0301")) {
        continue; // llama.cpp does not compose text
      }
      List<Integer> own = new ArrayList<>();
      for (int id : tokenizer.encode(text.get("text").stringValue(), EncodeOptions.DEFAULT).ids()) {
        own.add(id);
      }
      assertEquals(text.get("ids").toString().replace(",", ", "), own.toString(), text.get("text").stringValue());
    }
  }

  @ParameterizedTest
  @CsvSource({"llama_mha_untied, q8_0", "llama3_rope, f16", "qwen3, q8_0", "gpt2, f16"})
  void writtenBackEveryTensorHasItsBits(String name, String type) throws IOException {
    Path stored = REFERENCE.resolve(name + "/" + name + "-" + type + ".gguf");
    assumeTrue(Files.isRegularFile(stored), stored + " is absent: no file of llama.cpp's converter to read");
    Path back = temporary.resolve("back.gguf");
    ExportGguf.write(directory(stored), null, back, null, "back");
    assertEquals(tensors(stored), tensors(back));
    Map<String, Object> was = GgufFile.open(stored).metadata();
    Map<String, Object> is = GgufFile.open(back).metadata();
    for (String key : List.of("general.file_type", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.pre")) {
      if (!key.endsWith("token_type") || !name.startsWith("llama_")) {
        assertEquals(was.get(key), is.get(key), key);
      }
    }
  }

  private static Map<String, String> tensors(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Map<String, String> tensors = new TreeMap<>();
    for (GgufFile.Entry entry : GgufFile.open(file).tensors().values()) {
      int from = (int) entry.offset();
      int hash = Arrays.hashCode(Arrays.copyOfRange(bytes, from, from + (int) entry.bytes()));
      tensors.put(entry.name(), entry.type() + " " + Arrays.toString(entry.shape()) + " " + hash);
    }
    return tensors;
  }

  /** A Llama whose tokenizer cuts text as GPT-2's does. */
  private Path model() throws IOException {
    Path base = TinyLanguageModel.write(temporary.resolve("model"));
    Path tokenizer = base.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer).replace("\"use_regex\":false", "\"use_regex\":true"));
    return base;
  }

  @ParameterizedTest
  @EnumSource(value = GgufType.class, names = {"F16", "Q8_0", "Q5_0", "Q4_K"})
  void anAdapterLearnsOnTheCodesAsTheyAre(GgufType type) throws IOException {
    Path file = temporary.resolve("model.gguf");
    ExportGguf.write(model(), null, file, type, "tiny");
    Map<String, String> before = tensors(file);
    Path base = directory(file);
    Path rows = temporary.resolve("rows.jsonl");
    Files.writeString(rows, "{\"text\":\"ab ab ab ab\"}\n{\"text\":\"abab ab ab\"}\n".repeat(4));
    LanguageTuning tuning = LanguageTuning.lora(base, LoraConfig.of(4, 8).withTargets(List.of(LoraConfig.ALL_LINEAR)), 7);
    int[] ids = {0, 99, 100, 34, 99, 100};
    float[] first = logits(tuning.model(), ids);
    tuning.train(Dataset.language(rows, DataOptions.DETECT), null, TrainConfig.defaults(1e-2));
    float[] tuned = logits(tuning.model(), ids);
    assertTrue(Arrays.mismatch(first, tuned) >= 0);
    Path adapter = temporary.resolve("adapter");
    tuning.save(adapter);
    assertEquals(before, tensors(file));
    assertArrayEquals(first, logits(PretrainedModel.load(base, Task.CAUSAL_LM), ids));
    Path merged = temporary.resolve("merged.gguf");
    ExportGguf.write(base, adapter, merged, GgufType.F32, "merged");
    PretrainedModel whole = AdapterFiles.base(adapter, base, null);
    AdapterFiles.load(adapter, whole).merge();
    assertEquals(0, new GgufModel(whole).check(merged)); // one weight after another has the bits of all at once
    assertArrayEquals(tuned, logits(PretrainedModel.load(directory(merged), Task.CAUSAL_LM), ids), 2e-4f);
  }

  @Test
  void whatIsNotComputedAsLlamaCppDoesIsRefused() throws IOException {
    Path file = temporary.resolve("model.gguf");
    GgufModel parts = new GgufModel(PretrainedModel.load(model(), Task.CAUSAL_LM));
    Map<String, Object> metadata = parts.metadata("x", GgufType.F16);
    metadata.putAll(new GgufTokenizer(model(), 259, false).metadata());
    refused(file, parts, metadata, "general.architecture", "mamba", "models of the architecture 'mamba' are not read");
    refused(file, parts, metadata, "llama.expert_count", 8, "it says llama.expert_count, which is not read");
    refused(file, parts, metadata, "llama.rope.scaling.type", "yarn", "rope.scaling.type is 'yarn'");
    refused(file, parts, metadata, "tokenizer.ggml.pre", "deepseek-llm", "text is cut by the rule 'deepseek-llm'");
    refused(file, parts, metadata, "tokenizer.ggml.model", "t5", "its tokenizer is of the kind 't5'");
    refused(file, parts, metadata, "tokenizer.ggml.model", "llama", "there is no tokenizer.ggml.scores");
    refused(file, parts, metadata, "llama.attention.head_count", 0, "llama.attention.head_count is 0");
    refused(file, parts, metadata, "general.type", "adapter", "it holds an adapter");
  }

  private void refused(Path file, GgufModel parts, Map<String, Object> metadata, String key, Object value, String why)
      throws IOException {
    GgufWriter writer = new GgufWriter();
    Map<String, Object> changed = new TreeMap<>(metadata);
    changed.put(key, value);
    changed.forEach(writer::put);
    parts.tensors(writer, GgufType.F16);
    writer.write(file);
    String message = assertThrows(HoneException.class, () -> directory(file)).getMessage();
    assertTrue(message.contains(why) && message.contains(file.getFileName().toString()), message);
  }

  @Test
  void scoresThatDoNotTellPiecesApartAreRefused() throws IOException {
    Path stored = REFERENCE.resolve("llama_json_only/llama_json_only-q8_0.gguf");
    assumeTrue(Files.isRegularFile(stored), stored + " is absent: no file without scores");
    String message = assertThrows(HoneException.class, () -> directory(stored)).getMessage();
    assertTrue(message.contains("have one score, -1000.0"), message);
  }
}
