package dev.hone.train.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.HoneException;
import dev.hone.core.Tensor;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Sentences to vectors: what is made of hidden states, and which files say so. */
class TextEmbedderTest {
  private static final String MODULES = """
      [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
       {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}%s]""";
  private static final List<String> TEXTS = List.of("the good", "is it very awful", "", "fine", "great it is the very bad good");

  @TempDir
  Path directory;

  private Path model;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
  }

  private void modules(String more, String pooling) throws IOException {
    Files.writeString(model.resolve("modules.json"), MODULES.formatted(more));
    Files.createDirectories(model.resolve("1_Pooling"));
    Files.writeString(model.resolve("1_Pooling/config.json"), pooling);
  }

  /** Hidden states of one text alone: [tokens][channels]. */
  private double[][] hidden(String text) throws IOException {
    int[] ids = Tokenizer.load(model).encode(text).ids();
    Tensor states = PretrainedModel.load(model, Task.EMBEDDING).hidden(TokenBatch.of(List.of(ids)), Pass.inference()).value();
    double[][] rows = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      float[] row = states.slice(t, t + 1).toFloatArray();
      rows[t] = IntStream.range(0, row.length).mapToDouble(i -> row[i]).toArray();
    }
    return rows;
  }

  private static float[] over(double[][] rows, int from, DoubleBinaryOperator add, double start, double divisor) {
    float[] result = new float[rows[0].length];
    for (int c = 0; c < result.length; c++) {
      double value = start;
      for (int t = from; t < rows.length; t++) {
        value = add.applyAsDouble(value, rows[t][c]);
      }
      result[c] = (float) (value / divisor);
    }
    return result;
  }

  private static float[] unit(float[] vector) {
    double norm = Math.sqrt(IntStream.range(0, vector.length).mapToDouble(i -> (double) vector[i] * vector[i]).sum());
    float[] result = new float[vector.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) (vector[i] / norm);
    }
    return result;
  }

  @Test
  void withoutFilesItIsTheMeanAsAUnitVectorInAnyCompany() throws IOException {
    TextEmbedder embedder = TextEmbedder.load(model);
    List<float[]> vectors = embedder.embed(TEXTS);
    for (int i = 0; i < TEXTS.size(); i++) {
      double[][] rows = hidden(TEXTS.get(i));
      assertArrayEquals(unit(over(rows, 0, Double::sum, 0, rows.length)), vectors.get(i), 1e-6f, TEXTS.get(i));
      assertArrayEquals(vectors.get(i), embedder.embed(TEXTS.get(i)), "alone and in company: the same bits");
    }
    assertEquals(1, TextEmbedder.cosine(vectors.get(0), vectors.get(0)), 1e-9);
    assertEquals(16, embedder.dimensions());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"})
  void bothSpellingsOfEveryModeAreReadAndNothingIsNormalisedUnasked(String mode) throws IOException {
    double[][] rows = hidden(TEXTS.get(1));
    int n = rows.length;
    double[][] weighted = new double[n][];
    for (int t = 0; t < n; t++) {
      int weight = t + 1;
      weighted[t] = IntStream.range(0, rows[t].length).mapToDouble(c -> weight * rows[weight - 1][c]).toArray();
    }
    float[] expected = switch (mode) {
      case "cls" -> over(new double[][] {rows[0]}, 0, Double::sum, 0, 1);
      case "lasttoken" -> over(rows, n - 1, Double::sum, 0, 1);
      case "max" -> over(rows, 0, Math::max, Double.NEGATIVE_INFINITY, 1);
      case "mean" -> over(rows, 0, Double::sum, 0, n);
      case "weightedmean" -> over(weighted, 0, Double::sum, 0, n * (n + 1) / 2.0);
      default -> over(rows, 0, Double::sum, 0, Math.sqrt(n));
    };
    modules("", "{\"embedding_dimension\": 16, \"pooling_mode\": \"" + mode + "\"}");
    assertArrayEquals(expected, TextEmbedder.load(model).embed(TEXTS.get(1)), 1e-6f);
    String flag = mode.equals("cls") ? "cls_token" : mode.equals("lasttoken") || mode.endsWith("tokens") ? mode : mode
        + "_tokens";
    modules("", "{\"word_embedding_dimension\": 16, \"pooling_mode_mean_tokens\": false, \"pooling_mode_" + flag + "\": true}");
    assertArrayEquals(expected, TextEmbedder.load(model).embed(TEXTS.get(1)), 1e-6f);
    modules(", {\"path\": \"2_Normalize\", \"type\": \"a.b.Normalize\"}", "{\"pooling_mode\": [\"" + mode + "\"]}");
    assertArrayEquals(unit(expected), TextEmbedder.load(model).embed(TEXTS.get(1)), 1e-6f);
  }

  @Test
  void promptsLengthAndDimensionsComeFromTheFiles() throws IOException {
    modules("", "{\"pooling_mode\": \"mean\", \"include_prompt\": false}");
    Files.writeString(model.resolve("config_sentence_transformers.json"),
        "{\"prompts\": {\"query\": \"the good \", \"passage\": \"\"}, \"default_prompt_name\": \"query\", \"truncate_dim\": 6}");
    TextEmbedder embedder = TextEmbedder.load(model);
    double[][] rows = hidden("the good is it very awful"); // [CLS] the good do not count
    float[] expected = over(rows, 3, Double::sum, 0, rows.length - 3);
    assertArrayEquals(Arrays.copyOf(expected, 6), embedder.embed("is it very awful"), 1e-6f);
    assertArrayEquals(embedder.embed("fine"), embedder.embed(List.of("fine"), "query").getFirst());
    double[][] plain = hidden("fine");
    assertArrayEquals(Arrays.copyOf(over(plain, 0, Double::sum, 0, plain.length), 6),
        embedder.embed(List.of("fine"), "passage").getFirst(), 1e-6f);
    String said = assertThrows(IllegalArgumentException.class, () -> embedder.embed(List.of("x"), "document")).getMessage();
    assertTrue(said.contains("'document'") && said.contains("passage, query"), said);

    Files.writeString(model.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 4, \"do_lower_case\": false}");
    TextEmbedder shorter = TextEmbedder.load(model);
    assertEquals(4, shorter.maxLength());
    assertArrayEquals(shorter.embed(List.of("fine it"), "passage").getFirst(),
        shorter.embed(List.of("fine it is very bad"), "passage").getFirst());
  }

  @Test
  void whatItCannotDoIsRefusedByName() throws IOException {
    assertSays(", {\"path\": \"2_Dense\", \"type\": \"sentence_transformers.models.Dense\"}", "{\"pooling_mode\": \"mean\"}",
        "modules.json", "Dense");
    assertSays("", "{\"pooling_mode\": \"median\"}", "1_Pooling", "'median'", "known: cls");
    assertSays(", {\"path\": \"../elsewhere\", \"type\": \"a.Pooling\"}", "{\"pooling_mode\": \"mean\"}", "module 2", "within");
    modules("", "{}");
    Files.writeString(model.resolve("modules.json"), "{\"idx\": 0}");
    assertTrue(assertThrows(HoneException.class, () -> TextEmbedder.load(model)).getMessage()
        .contains("expected a list of modules"));
  }

  private void assertSays(String more, String pooling, String... parts) throws IOException {
    modules(more, pooling);
    String said = assertThrows(HoneException.class, () -> TextEmbedder.load(model)).getMessage();
    for (String part : parts) {
      assertTrue(said.contains(part), said);
    }
  }

  @Test
  void manyThreadsGetTheSameBits() throws Exception {
    TextEmbedder embedder = TextEmbedder.load(model);
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      many.addAll(TEXTS);
    }
    Collections.shuffle(many, new Random(3));
    List<float[]> alone = embedder.embed(many);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<float[]>>> answers = IntStream.range(0, 8).mapToObj(i -> threads.submit(() -> embedder.embed(many)))
          .toList();
      for (Future<List<float[]>> answer : answers) {
        for (int i = 0; i < many.size(); i++) {
          assertArrayEquals(alone.get(i), answer.get().get(i));
        }
      }
    }
  }

  /** Directories that sentence-transformers wrote, and its vectors. */
  @ParameterizedTest
  @ValueSource(strings = {"bert_older", "bert_v6"})
  void theVectorsAreThoseOfSentenceTransformers(String name) throws IOException {
    Path fixtures = Path.of(System.getProperty("hone.shared", "../../shared"), "reference", "fixtures", "embedding");
    assumeTrue(Files.exists(fixtures.resolve("sentences.json")), "the reference values are not there: " + fixtures);
    JsonNode expected = JsonMapper.shared().readTree(fixtures.resolve("sentences.json").toFile());
    List<String> texts = expected.get("sentences").valueStream().map(JsonNode::asString).toList();
    Safetensors values = Safetensors.open(fixtures.resolve("sentences.safetensors"));
    TextEmbedder embedder = TextEmbedder.load(fixtures.resolve(name));
    assertEquals(expected.get("max_seq_length").asInt(), embedder.maxLength());
    assertArrayEquals(values.tensor("embeddings").toFloatArray(), joined(embedder.embed(texts)), 1e-6f);
    if (name.equals("bert_older")) {
      assertArrayEquals(values.tensor("query_embeddings").toFloatArray(), joined(embedder.embed(texts, "query")), 1e-6f);
    }
  }

  /** Every mode, with and without the tokens of a prompt, on hidden states that torch computed. */
  @Test
  void everyPoolingIsThatOfSentenceTransformers() throws IOException {
    Path fixtures = Path.of(System.getProperty("hone.shared", "../../shared"), "reference", "fixtures", "embedding");
    assumeTrue(Files.exists(fixtures.resolve("pooling.json")), "the reference values are not there: " + fixtures);
    Safetensors values = Safetensors.open(fixtures.resolve("pooling.safetensors"));
    int compared = 0;
    for (JsonNode each : JsonMapper.shared().readTree(fixtures.resolve("pooling.json").toFile()).get("cases")) {
      if (!each.has("pooling_mode")) {
        continue;
      }
      String name = each.get("name").asString();
      List<String> words = each.get("pooling_mode").isString() ? List.of(each.get("pooling_mode").asString())
          : each.get("pooling_mode").valueStream().map(JsonNode::asString).toList();
      List<Pooling.Mode> modes = words.stream().map(word -> Arrays.stream(Pooling.Mode.values())
          .filter(mode -> mode.word().equals(word)).findFirst().orElseThrow()).toList();
      for (boolean normalize : new boolean[] {false, true}) {
        float[] wanted = values.tensor(name + (normalize ? ".normalized" : ".out")).toFloatArray();
        List<float[]> found = new ArrayList<>();
        for (int row = 0; row < 4; row++) {
          Tensor states = values.tensor(each.get("model").asString() + ".tokens." + row);
          found.add(new Pooling(modes, false, normalize).vector(states.toFloatArray(), 24, 0, states.dim(0),
              each.get("prompt_length").asInt()));
        }
        assertArrayEquals(wanted, joined(found), 1e-5f, name);
        compared++;
      }
    }
    assertEquals(56, compared);
  }

  private static float[] joined(List<float[]> vectors) {
    int width = vectors.getFirst().length;
    float[] all = new float[vectors.size() * width];
    for (int i = 0; i < vectors.size(); i++) {
      System.arraycopy(vectors.get(i), 0, all, i * width, width);
    }
    return all;
  }
}
