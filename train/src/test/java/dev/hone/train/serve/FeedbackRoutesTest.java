package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.Answered;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.LogSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What clients say of answers over HTTP is in the log, and what cannot be kept is refused. */
class FeedbackRoutesTest {
  @TempDir
  Path directory;
  private ModelServer server;
  private Asking client;
  private FeedbackLog log;

  @BeforeEach
  void start() throws Exception {
    Path base = TinyModel.write(directory.resolve("base"));
    PretrainedModel model = PretrainedModel.load(base, new Labels(List.of("up", "down"), Labels.Kind.SINGLE_LABEL), 1);
    AdapterFiles.save(Adapter.attach(model, LoraConfig.of(2, 4), 1), directory.resolve("adapter"), "base");
    server = ModelServer.open(ServerSettings.onPort(0));
    server.add("labels", TextClassifier.withAdapters(base, Map.of("reviews", directory.resolve("adapter"))));
    server.add("tiny", TextGenerator.load(TinyLanguageModel.write(directory.resolve("tiny")), null));
    server.ready();
    client = new Asking(server);
    log = FeedbackLog.open(directory.resolve("log"), new LogSettings(true, 30, 0, List.of("region")));
    server.keep(log);
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.close();
    log.close();
  }

  private AnswerLog read() throws Exception {
    return AnswerLog.read(directory.resolve("log"), null, _ -> true);
  }

  @Test
  void correctionsOfLabelsAndTextsAreKept() throws Exception {
    JsonNode one = client.post("/v1/classify",
        "{'model': 'reviews', 'input': ['it is good', '☃ ☃'], 'metadata': {'region': 'n'}}")
        .json();
    String id = one.path("id").asString();
    assertEquals(404, client.post("/v1/feedback", "{'id': '" + id + "', 'label': 'up'}").status()); // which of the two?
    Asking.Answer kept = client.post("/v1/feedback", "{'id': '" + id + "/1', 'label': 'down', 'source': 'test'}");
    assertEquals(200, kept.status(), kept.error());
    assertTrue(kept.json().path("kept").asBoolean());
    JsonNode text = client.post("/v1/completions", "{'model': 'tiny', 'prompt': 'Once', 'max_tokens': 3}").json();
    assertEquals(200, client.post("/v1/feedback", "{'id': '" + text.path("id").asString() + "', 'score': 0, 'answer': 'Better'}")
        .status());
    List<JsonNode> events = client.stream("/v1/chat/completions",
        "{'model': 'tiny', 'messages': [{'role': 'user', 'content': 'Hi'}], 'max_tokens': 3, 'stream': true}");
    assertEquals(200, client.post("/v1/feedback", "{'id': '" + events.getFirst().path("id").asString() + "', 'score': true}")
        .status());

    AnswerLog all = read();
    Answered first = all.entries().getFirst().answered();
    assertEquals("it is good", first.input());
    assertEquals(one.path("data").path(0).path("label").asString(), first.output());
    assertEquals(List.of("up", "down"), first.labels());
    assertEquals((float) one.path("data").path(0).path("probs").path(0).asDouble(), first.probabilities()[0]);
    assertEquals(Map.of("region", "n"), first.metadata());
    assertEquals(0, first.unknownTokens());
    assertTrue(all.entries().get(1).answered().unknownTokens() > 0);
    assertEquals("Once", all.entries().get(2).answered().input());
    assertEquals("down", all.feedback().get(id + "/1").label());
    assertEquals("Better", all.feedback().get(text.path("id").asString()).answer());
    assertTrue(all.feedback().get(events.getFirst().path("id").asString()).isGood());
    String metrics = client.get("/metrics").response().body();
    assertTrue(metrics.contains("hone_feedback_total{says=\"corrected\"} 2\n"), metrics);
    assertTrue(metrics.contains("hone_feedback_total{says=\"good\"} 1\n"), metrics);
  }

  @Test
  void whatCannotBeKeptIsRefused() throws Exception {
    String id = client.post("/v1/classify", "{'model': 'reviews', 'input': 'fine'}").json().path("id").asString();
    assertEquals("id is missing: that of the answer which the feedback is about", client.post("/v1/feedback", "{'score': 1}")
        .error());
    assertEquals("label must be one of up, down", client.post("/v1/feedback", "{'id': '" + id + "', 'label': 'left'}").error());
    assertEquals(400, client.post("/v1/feedback", "{'id': '" + id + "', 'score': 3}").status());
    assertEquals(400, client.post("/v1/feedback", "{'id': '" + id + "'}").status());
    assertEquals(400, client.post("/v1/feedback", "{'id': '../../x-1', 'score': 1}").status());
    Asking.Answer unknown = client.post("/v1/feedback", "{'id': 'classify-0123', 'score': 1}");
    assertEquals(404, unknown.status());
    assertEquals("answer_not_found", unknown.json().path("error").path("code").asString());
    assertTrue(read().feedback().isEmpty());
    server.keep(null);
    assertEquals(501, client.post("/v1/feedback", "{'id': '" + id + "', 'score': 1}").status());
  }

  @Test
  void answersAreTakenOutAgain() throws Exception {
    String id = client.post("/v1/classify", "{'model': 'reviews', 'input': 'fine'}").json().path("id").asString();
    client.post("/v1/feedback", "{'id': '" + id + "', 'label': 'up'}");
    assertEquals(2, client.post("/v1/feedback/delete", "{'id': '" + id + "'}").json().path("lines").asInt());
    assertTrue(read().entries().isEmpty() && read().feedback().isEmpty());
    assertEquals(404, client.post("/v1/feedback", "{'id': '" + id + "', 'label': 'up'}").status());
  }

  @Test
  void filesThatAreGoneAreNotTakenForAClientThatLeft() throws Exception {
    String body = "{'model': 'reviews', 'input': 'fine'}";
    String id = client.post("/v1/classify", body).json().path("id").asString();
    for (String name : List.of("requests", "feedback", "lock")) {
      try (Stream<Path> files = Files.list(directory.resolve("log"))) {
        for (Path file : files.filter(each -> each.getFileName().toString().startsWith(name)).toList()) {
          Files.delete(file);
        }
      }
    }
    Files.delete(directory.resolve("log"));
    assertEquals(200, client.post("/v1/classify", body).status());
    assertEquals(503, client.post("/v1/feedback", "{'id': '" + id + "', 'score': 1}").status());
    assertEquals(503, client.post("/v1/feedback/delete", "{'id': '" + id + "'}").status());
    String metrics = client.get("/metrics").response().body();
    assertTrue(metrics.contains("hone_log_failures_total 3\n") && metrics.contains("hone_clients_gone_total 0\n"), metrics);
  }

  @Test
  void aLogThatCannotBeWrittenCostsNoAnswersAndSaysThatNothingIsKept() throws Exception {
    String body = "{'model': 'reviews', 'input': 'fine'}";
    String id = client.post("/v1/classify", body).json().path("id").asString();
    log.close();
    assertEquals(200, client.post("/v1/classify", body).status());
    Asking.Answer refused = client.post("/v1/feedback", "{'id': '" + id + "', 'score': 1}");
    assertEquals(503, refused.status());
    assertEquals("the feedback could not be written; it is not kept", refused.error());
    Asking.Answer kept = client.post("/v1/feedback/delete", "{'id': '" + id + "'}");
    assertEquals(503, kept.status());
    assertEquals("not all could be taken out of the log; ask again", kept.error());
    assertTrue(client.get("/metrics").response().body().contains("hone_log_failures_total 3\n"));
    assertEquals(1, read().entries().size());
    assertTrue(read().feedback().isEmpty());
  }
}
