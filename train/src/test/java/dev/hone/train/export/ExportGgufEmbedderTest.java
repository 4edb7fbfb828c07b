package dev.hone.train.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.HoneException;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.core.random.Philox;
import dev.hone.lora.Adapter;
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
import dev.hone.train.TinyModel;
import dev.hone.train.infer.Pooling;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Embedding models of the BERT kind as files of llama.cpp: their bytes, what is read again, and what is refused. */
class ExportGgufEmbedderTest {
  private static final Path REFERENCE = Path.of(System.getProperty("hone.shared", "../../shared"), "reference", "gguf", "models",
      "bert");
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final List<String> TEXTS = List.of("it is very good", "NOT the Bad one, is it?", "a");

  @TempDir
  private Path temporary;

  private Path directory(Path file) throws IOException {
    return ModelCache.at(temporary.resolve("cache")).directory(ModelReference.parse(file.toString()), _ -> { });
  }

  @Test
  void theBytesOfEveryTensorAreThoseOfTheConverter() throws Exception {
    assumeTrue(Files.isDirectory(REFERENCE), REFERENCE + " is absent: no file of llama.cpp's converter to compare with");
    JsonNode expected = JSON.readTree(Files.readAllBytes(REFERENCE.resolve("expected.json"))).get("files");
    for (GgufType type : List.of(GgufType.F32, GgufType.F16, GgufType.BF16, GgufType.Q8_0)) {
      Path file = temporary.resolve(type + ".gguf");
      ExportGgufEmbedder.Result result = ExportGgufEmbedder.write(REFERENCE.resolve("hf"), null, file, type, "tiny bert");
      assertTrue(result.cosine() > (type == GgufType.F32 ? 0.9999999 : 0.999), "" + result);
      assertEquals(ExportGgufTest.hashes(expected.get(type.name().toLowerCase(Locale.ROOT)).get("tensors")),
          ExportGgufTest.hashes(file), "" + type);
      Map<String, Object> metadata = GgufFile.open(file).metadata();
      ExportGgufTest.requireMetadata(expected.get("f32").get("metadata"), metadata, type);
      List<Integer> types = new ArrayList<>(Collections.nCopies(5, 3)); // special tokens first
      types.addAll(Collections.nCopies(495, 1));
      assertEquals(types, metadata.get("tokenizer.ggml.token_type"));
      assertEquals(List.of(0, 1, 32, 7).get(List.of("F32", "F16", "BF16", "Q8_0").indexOf(type.name())),
          metadata.get("general.file_type"));
    }
  }

  @Test
  void aFileOfTheConverterIsAModel() throws Exception {
    Path stored = REFERENCE.resolve("bert-f16.gguf");
    assumeTrue(Files.isRegularFile(stored), stored + " is absent: no file of llama.cpp's converter to read");
    JsonNode expected = JSON.readTree(Files.readAllBytes(REFERENCE.resolve("expected.json")));
    Path read = directory(Files.copy(stored, temporary.resolve("bert.gguf")));
    int[] ids = IntStream.range(0, expected.get("prompt_ids").size()).map(i -> expected.at("/prompt_ids/" + i).intValue())
        .toArray();
    float[] mean = PretrainedModel.load(read, Task.EMBEDDING).forward(TokenBatch.of(List.of(ids)), Pass.inference()).value()
        .toFloatArray();
    float[] wanted = Safetensors.open(REFERENCE.resolve("io.safetensors")).tensor("mean_embedding").toFloatArray();
    assertArrayEquals(wanted, mean, 2e-3f); // the weights have 16 bits
    Tokenizer tokenizer = Tokenizer.load(read);
    for (JsonNode text : expected.get("tokenize")) {
      List<Integer> own = Arrays.stream(tokenizer.encode(text.get("text").stringValue(), EncodeOptions.DEFAULT).ids()).boxed()
          .toList();
      assertEquals(text.get("ids").toString().replace(",", ", "), own.toString(), text.get("text").stringValue());
    }
    assertEquals(Pooling.MEAN, TextEmbedder.load(read).pooling());
  }

  @ParameterizedTest
  @EnumSource(value = GgufType.class, names = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K"})
  void whatIsReadAgainMakesTheVectorsOfTheModel(GgufType type) throws IOException {
    Path base = TinyModel.write(temporary.resolve("model"), 32, 64);
    TextEmbedder.load(base).withPooling(Pooling.of(Pooling.Mode.CLS)).saveFiles(base);
    Path file = temporary.resolve("model.gguf");
    ExportGgufEmbedder.Result result = ExportGgufEmbedder.write(base, null, file, type, "tiny");
    assertEquals(List.of(), result.warnings());
    assertTrue(result.rounding() <= (type == GgufType.F32 ? 0 : 0.16), "" + result);
    TextEmbedder own = TextEmbedder.load(base);
    TextEmbedder read = TextEmbedder.load(directory(file));
    assertEquals(Pooling.of(Pooling.Mode.CLS), read.pooling());
    float most = switch (type) {
      case F32 -> 0;
      case F16 -> 1e-3f;
      case BF16, Q8_0 -> 2e-2f;
      default -> 0.3f;
    };
    for (String text : TEXTS) {
      assertArrayEquals(own.embed(text), read.embed(text), most, text);
    }
    assertEquals("FROM ./model.gguf\nPARAMETER num_ctx 64\n", Files.readString(temporary.resolve("Modelfile")));
  }

  @Test
  void theFileSaysWhatLlamaCppAsksFor() throws IOException {
    Path base = TinyModel.write(temporary.resolve("model"));
    Path file = temporary.resolve("model.gguf");
    ExportGgufEmbedder.write(base, null, file, GgufType.F16, "tiny");
    GgufFile read = GgufFile.open(file);
    Map<String, Object> metadata = read.metadata();
    Map.of("general.architecture", "bert", "bert.block_count", 2, "bert.attention.causal", false, "bert.pooling_type", 1,
        "tokenizer.ggml.token_type_count", 2, "tokenizer.ggml.bos_token_id", 2, "tokenizer.ggml.seperator_token_id", 3,
        "tokenizer.ggml.mask_token_id", 4, "tokenizer.ggml.normalizer.lowercase", true, "bert.context_length", 64)
        .forEach((key, value) -> assertEquals(value, metadata.get(key), key));
    List<?> tokens = (List<?>) metadata.get("tokenizer.ggml.tokens");
    assertEquals(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u2581a", "a", "\u2581b", "b"), tokens.subList(0, 9));
    assertEquals("\u2581very", tokens.getLast());
    assertEquals(GgufType.F32, read.tensors().get("token_types.weight").type());
    assertEquals(GgufType.F32, read.tensors().get("position_embd.weight").type());
    assertEquals(GgufType.F16, read.tensors().get("blk.1.ffn_down.weight").type());
    assertFalse(read.tensors().containsKey("output.weight"));
  }

  @Test
  void anAdapterIsMergedAndOneByItselfHasItsPlaces() throws IOException {
    Path base = TinyModel.write(temporary.resolve("model"));
    PretrainedModel model = PretrainedModel.load(base, Task.EMBEDDING);
    Adapter adapter = Adapter.attach(model, LoraConfig.of(2, 4), 1);
    adapter.parameters().values().forEach(parameter -> {
      float[] values = new float[(int) parameter.value().size()];
      new Philox(5, parameter.name().hashCode()).fillNormal(values, 0, values.length, 0, 0.3f);
      parameter.value().copyFrom(Tensor.of(values, parameter.shape().toArray()));
    });
    Path stored = temporary.resolve("adapter");
    AdapterFiles.save(adapter, stored, "base");
    Path file = temporary.resolve("model.gguf");
    ExportGgufEmbedder.Result result = ExportGgufEmbedder.write(base, stored, file, GgufType.F32, "tiny");
    assertTrue(result.difference() < 1e-5, "" + result);
    TextEmbedder plain = TextEmbedder.load(base);
    TextEmbedder tuned = TextEmbedder.load(base, stored);
    TextEmbedder read = TextEmbedder.load(directory(file));
    for (String text : TEXTS) {
      assertArrayEquals(tuned.embed(text), read.embed(text), 1e-5f, text);
      assertTrue(TextEmbedder.cosine(plain.embed(text), read.embed(text)) < 0.999, text);
    }
    Path alone = temporary.resolve("adapter.gguf");
    ExportGguf.writeLora(base, stored, alone, "adapter");
    assertTrue(GgufFile.open(alone).tensors().containsKey("blk.0.attn_q.weight.lora_a"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "tokenizer.json | \"clean_text\":true | \"clean_text\":false | its normalizer.clean_text is false",
      "tokenizer.json | BertNormalizer | Lowercase | its normalizer is",
      "tokenizer.json | BertPreTokenizer | Whitespace | its pre_tokenizer is",
      "tokenizer.json | \"continuing_subword_prefix\":\"##\" | \"continuing_subword_prefix\":\"@@\" "
          + "| its continuing_subword_prefix is \"@@\"",
      "tokenizer.json | \"single_word\":false | \"single_word\":true | has single_word",
      "tokenizer.json | \"##z\" | \"##\u2581a\" | are both '\u2581a'",
      "tokenizer.json | \"type\":\"WordPiece\",\"unk | \"type\":\"WordLevel\",\"unk | a tokenizer of the kind WordLevel",
      "config.json | : \"gelu\" | : \"relu\" | hidden_act 'relu': llama.cpp computes gelu",
      "config.json | \"type_vocab_size\" | \"is_decoder\": true, \"type_vocab_size\" | is_decoder is true",
      "config.json | BertModel | BertForSequenceClassification | is for SEQUENCE_CLASSIFICATION",
      "1_Pooling/config.json | mean_tokens\" : true | max_tokens\" : true | vectors are made by max"})
  void whatLlamaCppDoesOtherwiseIsRefused(String file, String was, String is, String why) throws IOException {
    Path base = TinyModel.write(temporary.resolve("model"));
    TextEmbedder.load(base).saveFiles(base);
    Path changed = base.resolve(file);
    String text = Files.readString(changed);
    if (file.startsWith("1_")) {
      text = text.replace("max_tokens\" : false", "max_tokens\" : true");
      is = was.replace("true", "false");
    }
    assertTrue(text.contains(was), text);
    Files.writeString(changed, text.replace(was, is));
    Path out = temporary.resolve("x.gguf");
    String message = assertThrows(HoneException.class, () -> ExportGgufEmbedder.write(base, null, out, GgufType.F16, "x"))
        .getMessage();
    assertTrue(message.contains(why), message);
    assertFalse(Files.exists(out));
  }

  @Test
  void lettersThatStayAsTheyAreAreSaid() throws IOException {
    Path base = TinyModel.write(temporary.resolve("model"));
    Path tokenizer = base.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer).replace("\"lowercase\":true", "\"lowercase\":false"));
    Path file = temporary.resolve("x.gguf");
    List<String> warnings = ExportGgufEmbedder.write(base, null, file, GgufType.F16, "x").warnings();
    assertTrue(warnings.toString().contains("letters stay as they are"), warnings.toString());
    assertEquals(false, GgufFile.open(file).metadata().get("tokenizer.ggml.normalizer.lowercase"));
    Path read = directory(file);
    for (String text : TEXTS) {
      assertArrayEquals(Tokenizer.load(base).encode(text).ids(), Tokenizer.load(read).encode(text).ids(), text);
    }
  }

  @Test
  void whatAFileCannotSayOfAModelIsSaid() throws IOException {
    Path base = TinyModel.write(temporary.resolve("model"));
    TextEmbedder.load(base).withPrompts(Map.of("query", "it: ")).withMaxLength(20)
        .withPooling(new Pooling(List.of(Pooling.Mode.MEAN), false, false)).saveFiles(base);
    String warnings = ExportGgufEmbedder.write(base, null, temporary.resolve("x.gguf"), GgufType.F16, "x").warnings().toString();
    for (String said : List.of("prompts are not in the file (query)", "their tokens do not count here",
        "not made unit length here", "texts are cut at 20 tokens here; llama.cpp takes up to 64")) {
      assertTrue(warnings.contains(said), said + ": " + warnings);
    }
  }

  @ParameterizedTest
  @CsvSource({"bert.attention.causal, true, attention.causal is not false", "bert.pooling_type, 4, bert.pooling_type is 4",
      "bert.expert_count, 8, 'it says bert.expert_count, which is not read'",
      "tokenizer.ggml.model, t5, its tokenizer is of the kind 't5'; bert is read"})
  void filesThatAreNotComputedAsLlamaCppDoesAreRefused(String key, String value, String why) throws IOException {
    Path base = TinyModel.write(temporary.resolve("model"));
    Path file = temporary.resolve("x.gguf");
    ExportGgufEmbedder.write(base, null, file, GgufType.F32, "x");
    GgufFile read = GgufFile.open(file);
    GgufWriter writer = new GgufWriter();
    Map<String, Object> metadata = new TreeMap<>(read.metadata());
    metadata.put("tokenizer.ggml.token_type", ((List<?>) metadata.get("tokenizer.ggml.token_type")).stream()
        .mapToInt(type -> (int) type).toArray());
    metadata.put(key, value.equals("true") ? Boolean.TRUE : value.matches("[0-9]+") ? Integer.valueOf(value) : value);
    metadata.forEach(writer::put);
    new GgufModel(PretrainedModel.load(base, Task.EMBEDDING)).tensors(writer, GgufType.F32);
    Path other = temporary.resolve("other.gguf");
    writer.write(other);
    String message = assertThrows(HoneException.class, () -> directory(other)).getMessage();
    assertTrue(message.contains(why), message);
  }
}
