package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.Adapter;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.TinyModel;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.TextReranker;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Labels and vectors over HTTP are those of the library, alone and in company, in the forms of OpenAI, vLLM and TEI. */
class SentenceRoutesTest {
  private static final List<String> TEXTS = List.of("it is good", "it is very bad", "fine");

  @TempDir
  static Path directory;
  private static TextClassifier classifier;
  private static TextEmbedder embedder;
  private static TextReranker reranker;
  private static ModelServer server;
  private static Asking client;

  @BeforeAll
  static void start() throws Exception {
    Path base = TinyModel.write(directory.resolve("base"));
    Labels labels = new Labels(List.of("up", "down", "level"), Labels.Kind.SINGLE_LABEL);
    for (int i = 1; i <= 2; i++) {
      PretrainedModel model = PretrainedModel.load(base, labels, i);
      AdapterFiles.save(Adapter.attach(model, LoraConfig.of(2, 4), i), directory.resolve("adapter" + i), "base");
    }
    classifier = TextClassifier.withAdapters(base, Map.of("one", directory.resolve("adapter1"), "two",
        directory.resolve("adapter2")));
    embedder = TextEmbedder.load(base);
    server = ModelServer.open(ServerSettings.onPort(0));
    server.add("labels", classifier);
    server.add("vectors", embedder);
    PretrainedModel one = PretrainedModel.load(base, TextReranker.labels(), 5);
    reranker = new TextReranker(one, Tokenizer.load(base), TextReranker.usualLength(one));
    server.add("order", reranker);
    server.ready();
    client = new Asking(server);
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  private static float[] numbers(JsonNode list) {
    float[] values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) list.get(i).asDouble();
    }
    return values;
  }

  private static String list(List<String> texts) {
    return Asking.JSON.writeValueAsString(texts);
  }

  @Test
  void labelsOfEachAdapterAreThoseOfTheLibrary() throws Exception {
    for (String name : List.of("one", "two")) {
      Asking.Answer answer = client.post("/v1/classify", "{'model': '" + name + "', 'input': " + list(TEXTS) + "}");
      assertEquals(200, answer.status(), answer.error());
      List<TextClassifier.Prediction> expected = classifier.predict(TEXTS, name);
      for (int i = 0; i < TEXTS.size(); i++) {
        JsonNode item = answer.json().path("data").path(i);
        assertEquals(i, item.path("index").asInt());
        assertEquals(expected.get(i).label(), item.path("label").asString());
        assertArrayEquals(expected.get(i).probabilities(), numbers(item.path("probs")));
        assertEquals(3, item.path("num_classes").asInt());
      }
    }
  }

  @Test
  void thirtyTwoClientsAtOnceGetWhatEachGetsAlone() throws Exception {
    List<Callable<Asking.Answer>> calls = new ArrayList<>();
    for (int i = 0; i < 96; i++) {
      String body = "{'model': '" + (i % 2 == 0 ? "one" : "two") + "', 'input': '" + TEXTS.get(i % 3) + "'}";
      calls.add(() -> client.post("/v1/classify", body));
    }
    try (ExecutorService clients = Executors.newFixedThreadPool(32)) {
      List<Future<Asking.Answer>> answers = clients.invokeAll(calls);
      for (int i = 0; i < answers.size(); i++) {
        float[] expected = classifier.predict(List.of(TEXTS.get(i % 3)), i % 2 == 0 ? "one" : "two").getFirst().probabilities();
        assertArrayEquals(expected, numbers(answers.get(i).get().json().path("data").path(0).path("probs")));
      }
    }
  }

  @Test
  void textEmbeddingsInferenceGetsSortedScoresAndLogitsIfAsked() throws Exception {
    Asking.Answer one = client.post("/predict", "{'model': 'one', 'inputs': 'it is good'}");
    float[] expected = classifier.predict(List.of("it is good"), "one").getFirst().probabilities();
    assertEquals(3, one.json().size());
    double before = 1;
    for (JsonNode each : one.json()) {
      assertTrue(each.path("score").asDouble() <= before);
      before = each.path("score").asDouble();
      int label = classifier.model().labels().names().indexOf(each.path("label").asString());
      assertEquals(expected[label], (float) before);
    }
    Asking.Answer several = client.post("/predict", "{'model': 'one', 'inputs': [['it is good'], ['bad']], 'raw_scores': true}");
    assertEquals(2, several.json().size());
    assertTrue(several.json().path(0).path(0).path("score").asDouble() != before);
    assertEquals(1, client.post("/predict", "{'model': 'one', 'inputs': 'x', 'parameters': {'top_k': 1}}").json().size());
    Asking.Answer pair = client.post("/predict", "{'model': 'one', 'inputs': ['a', 'b']}");
    assertEquals(400, pair.status());
    assertTrue(pair.error().contains("pair"), pair.error());
  }

  @Test
  void vectorsAreThoseOfTheLibraryInNumbersAndInBase64() throws Exception {
    List<float[]> expected = embedder.embed(TEXTS);
    Asking.Answer answer = client.post("/v1/embeddings", "{'model': 'vectors', 'input': " + list(TEXTS) + "}");
    Asking.Answer packed = client.post("/v1/embeddings", "{'model': 'vectors', 'encoding_format': 'base64', 'input': "
        + list(TEXTS) + "}");
    for (int i = 0; i < TEXTS.size(); i++) {
      assertArrayEquals(expected.get(i), numbers(answer.json().path("data").path(i).path("embedding")));
      float[] values = new float[expected.get(i).length];
      ByteBuffer.wrap(Base64.getDecoder().decode(packed.json().path("data").path(i).path("embedding").asString()))
          .order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
      assertArrayEquals(expected.get(i), values);
    }
    float[] shorter = numbers(client.post("/v1/embeddings", "{'model': 'vectors', 'dimensions': 4, 'input': 'fine'}").json()
        .path("data").path(0).path("embedding"));
    assertEquals(4, shorter.length);
    assertEquals(1, Math.sqrt(shorter[0] * shorter[0] + shorter[1] * shorter[1] + shorter[2] * shorter[2]
        + shorter[3] * shorter[3]), 1e-5);
    assertArrayEquals(expected.get(2), numbers(client.post("/embed", "{'inputs': ['fine']}").json().path(0)), 1e-6f);
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(delimiter = ';', value = {
      "/v1/classify; 'model': 'one', 'input': []; 400; input", "/v1/classify; 'model': 'one'; 400; input",
      "/v1/classify; 'model': 'vectors', 'input': 'x'; 404; model", "/v1/classify; 'input': 'x'; 400; model",
      "/v1/embeddings; 'model': 'vectors', 'input': [1, 2]; 400; input",
      "/v1/embeddings; 'model': 'vectors', 'input': [[1]]; 400; input",
      "/v1/embeddings; 'model': 'vectors', 'input': 'x', 'dimensions': 4000; 400; dimensions",
      "/v1/embeddings; 'model': 'vectors', 'input': 'x', 'encoding_format': 'hex'; 400; encoding_format",
      "/embed; 'inputs': 'x', 'normalize': false; 400; normalize",
      "/embed; 'inputs': 'x', 'prompt_name': 'none'; 400; prompt_name",
      "/embed; 'inputs': 'x', 'truncation_direction': 'Left'; 400; truncation_direction",
      "/predict; 'inputs': {}; 400; inputs", "/predict; 'inputs': 'x', 'parameters': {'function_to_apply': 'sigmoid'}; 400; "
          + "function_to_apply",
      "/rerank; 'texts': ['a']; 400; query", "/rerank; 'query': 'x', 'texts': []; 400; texts",
      "/v1/feedback; 'id': 'x'; 501; null"})
  void whatCannotBeHonouredIsRefusedByItsName(String path, String fields, int status, String param) throws Exception {
    Asking.Answer answer = client.post(path, "{" + fields + "}");
    assertEquals(status, answer.status(), answer.error());
    assertEquals(param, answer.json().path("error").path("param").asString("null"));
  }

  @Test
  void textsAreOrderedAsTheLibraryOrdersThem() throws Exception {
    Asking.Answer answer = client.post("/rerank", "{'query': 'is it good', 'return_text': true, 'raw_scores': true, 'texts': "
        + list(TEXTS) + "}");
    assertEquals(200, answer.status(), answer.error());
    List<TextReranker.Ranked> expected = reranker.rerank("is it good", TEXTS);
    for (int i = 0; i < TEXTS.size(); i++) {
      JsonNode item = answer.json().path(i);
      assertEquals(expected.get(i).document(), item.path("index").asInt());
      assertEquals(expected.get(i).logit(), (float) item.path("score").asDouble());
      assertEquals(TEXTS.get(item.path("index").asInt()), item.path("text").asString());
    }
    Asking.Answer plain = client.post("/rerank", "{'query': 'is it good', 'texts': " + list(TEXTS) + "}");
    assertEquals(expected.getFirst().probability(), plain.json().path(0).path("score").asDouble(), 1e-6);
  }

  @Test
  void aTextThatIsTooLongIsCutOnlyIfTheRequestSaysSo() throws Exception {
    String text = "it is good ".repeat(100);
    Asking.Answer refused = client.post("/v1/classify", "{'model': 'one', 'input': '" + text + "'}");
    assertEquals(400, refused.status());
    assertEquals("context_length_exceeded", refused.json().path("error").path("code").asString());
    assertEquals(413, client.post("/predict", "{'model': 'one', 'inputs': '" + text + "'}").status());
    assertEquals(413, client.post("/embed", "{'inputs': '" + text + "'}").status());
    Asking.Answer cut = client.post("/v1/classify", "{'model': 'one', 'truncate': true, 'input': '" + text + "'}");
    assertArrayEquals(classifier.predict(List.of(text), "one").getFirst().probabilities(),
        numbers(cut.json().path("data").path(0).path("probs")));
  }
}
