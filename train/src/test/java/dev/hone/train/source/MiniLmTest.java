package dev.hone.train.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.io.Safetensors;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.infer.TextEmbedder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** From the jar of all-MiniLM-L6-v2 in the local Maven repository to its sentence embeddings. */
@Tag("fixtures")
class MiniLmTest {
  private static final int WIDTH = 384;

  @TempDir
  static Path cache;

  private static JsonNode expected;
  private static Path model;
  private static float[] embeddings; // of all sentences, unit vectors one after the other

  @BeforeAll
  static void convert() throws IOException {
    model = MiniLmJar.model(cache);
    try (InputStream json = MiniLmTest.class.getResourceAsStream("minilm-expected.json")) {
      expected = JsonMapper.shared().readTree(json);
    }
    embeddings = embeddings();
  }

  private static int[] ids(int sentence) {
    return IntStream.range(0, expected.at("/sentences/" + sentence + "/ids").size())
        .map(i -> expected.at("/sentences/" + sentence + "/ids/" + i).asInt()).toArray();
  }

  private static float[] embeddings() {
    List<int[]> sentences = new ArrayList<>();
    for (int s = 0; s < expected.get("sentences").size(); s++) {
      sentences.add(ids(s));
    }
    float[] values = PretrainedModel.load(model, Task.EMBEDDING).forward(TokenBatch.of(sentences), Pass.inference())
        .value().toFloatArray();
    for (int s = 0; s < sentences.size(); s++) {
      double norm = Math.sqrt(dot(values, s, s));
      for (int i = 0; i < WIDTH; i++) {
        values[s * WIDTH + i] /= (float) norm;
      }
    }
    return values;
  }

  private static double dot(float[] values, int a, int b) {
    return IntStream.range(0, WIDTH).mapToDouble(i -> (double) values[a * WIDTH + i] * values[b * WIDTH + i]).sum();
  }

  @Test
  void theTokenizerGivesTheIdsOfThePythonLibrary() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(model);
    for (int s = 0; s < expected.get("sentences").size(); s++) {
      String text = expected.at("/sentences/" + s + "/text").asString();
      assertArrayEquals(ids(s), tokenizer.encode(text).ids(), text);
    }
  }

  @Test
  void theEmbeddingsAreThoseOfTransformers() {
    int sentences = expected.get("sentences").size();
    for (int s = 0; s < sentences; s++) {
      for (int i = 0; i < 8; i++) {
        double wanted = expected.at("/sentences/" + s + "/embedding_first8/" + i).asDouble();
        assertEquals(wanted, embeddings[s * WIDTH + i], 1e-6, "sentence " + s + ", value " + i);
      }
      for (int other = 0; other < sentences; other++) {
        // the file has six decimals
        assertEquals(expected.at("/cosine/" + s + "/" + other).asDouble(), dot(embeddings, s, other), 2e-6, s + " and " + other);
      }
    }
  }

  @Test
  void theEmbedderMakesTheSameOfTexts() throws IOException {
    List<String> texts = expected.get("sentences").valueStream().map(sentence -> sentence.get("text").asString()).toList();
    List<float[]> vectors = TextEmbedder.load(model).embed(texts);
    for (int s = 0; s < texts.size(); s++) {
      assertArrayEquals(Arrays.copyOfRange(embeddings, s * WIDTH, (s + 1) * WIDTH), vectors.get(s), 1e-6f, texts.get(s));
    }
  }

  @Test
  void allValuesAgreeWithDoublePrecision() throws IOException {
    Path file = Path.of(System.getProperty("hone.shared", "../../shared"), "reference", "minilm", "embeddings.safetensors");
    assumeTrue(Files.exists(file), "the full embeddings are not there: " + file);
    assertArrayEquals(Safetensors.open(file).tensor("embeddings_f64").toFloatArray(), embeddings, 1e-6f);
  }
}
