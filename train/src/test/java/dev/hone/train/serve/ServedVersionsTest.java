package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.TinyModel;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.LogSettings;
import dev.hone.train.monitor.Registry;
import dev.hone.train.monitor.ShadowReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A running server answers by the version that the registry's names mean, and says in the log which one it was. */
class ServedVersionsTest {
  @TempDir
  Path directory;

  private static float[] ask(Asking client) throws Exception {
    Asking.Answer answer = client.post("/v1/classify", "{'model': 'champion', 'input': 'it is good'}");
    assertEquals(200, answer.status(), answer.error());
    assertEquals("champion", answer.json().path("model").asString());
    JsonNode probabilities = answer.json().path("data").path(0).path("probs");
    return new float[] {(float) probabilities.path(0).asDouble(), (float) probabilities.path(1).asDouble()};
  }

  private static List<String> models(Asking client) throws Exception {
    return StreamSupport.stream(client.get("/v1/models").json().path("data").spliterator(), false)
        .map(card -> card.path("id").asString()).sorted().toList();
  }

  private static void await(Asking client, String version) throws Exception {
    while (!models(client).contains(version)) {
      Thread.sleep(20);
    }
  }

  @Test
  @Timeout(300)
  void whatTheChampionIsIsTakenUpAndBackAgain() throws Exception {
    Path base = TinyModel.write(directory.resolve("base"));
    Labels labels = new Labels(List.of("up", "down"), Labels.Kind.SINGLE_LABEL);
    Registry registry = Registry.open(directory.resolve("registry"));
    float[][] expected = new float[3][];
    for (int i = 1; i <= 2; i++) {
      PretrainedModel model = PretrainedModel.load(base, labels, i);
      Path adapter = directory.resolve("adapter" + i);
      AdapterFiles.save(Adapter.attach(model, LoraConfig.of(2, 4), i), adapter, "base");
      assertEquals(i, registry.add(adapter, null, ""));
      expected[i] = TextClassifier.load(base, adapter).predict(List.of("it is good")).getFirst().probabilities();
    }
    registry.point(Registry.CHAMPION, 1);
    try (FeedbackLog log = FeedbackLog.open(directory.resolve("log"), LogSettings.DEFAULTS);
        ModelServer server = ModelServer.open(ServerSettings.onPort(0)); Asking client = new Asking(server)) {
      server.add("base", TextClassifier.withAdapters(base, Map.of("v1", registry.directory(1))));
      server.follow(registry, "base");
      assertThrows(IllegalStateException.class, () -> server.follow(registry, "labels")); // by which names would go to and fro
      server.keep(log);
      server.ready();
      assertArrayEquals(expected[1], ask(client));
      assertEquals(List.of("base", "champion", "v1"), models(client));
      registry.point(Registry.CHAMPION, 2);
      await(client, "v2");
      assertArrayEquals(expected[2], ask(client));
      assertEquals(1, registry.rollback(Registry.CHAMPION));
      float[] answer = ask(client);
      while (answer[0] != expected[1][0]) {
        Thread.sleep(20);
        answer = ask(client);
      }
      assertArrayEquals(expected[1], answer);

      registry.point(Registry.CHALLENGER, 2);
      await(client, "challenger");
      server.shadow(true);
      assertArrayEquals(expected[1], ask(client)); // the champion's, as before
      ShadowReport report = ShadowReport.of(AnswerLog.read(directory.resolve("log"), null, _ -> true));
      while (report == null) { // which is written behind the answer
        Thread.sleep(20);
        report = ShadowReport.of(AnswerLog.read(directory.resolve("log"), null, _ -> true));
      }
      assertEquals(1, report.rows());
      boolean alike = expected[1][0] > 0.5f == expected[2][0] > 0.5f;
      assertEquals(alike ? 1 : 0, report.alike());
    }
    AnswerLog.Entry last = AnswerLog.read(directory.resolve("log"), null, _ -> true).entries().getLast();
    assertEquals(ShadowReport.ROUTE, last.answered().route());
    assertEquals("v2", last.answered().version());
    assertArrayEquals(expected[2], last.answered().probabilities());
    List<String> versions = AnswerLog.read(directory.resolve("log"), null, _ -> true).entries().stream()
        .map(entry -> entry.answered().model() + " " + entry.answered().version()).distinct().toList();
    assertEquals(List.of("champion v1", "champion v2"), versions);
    assertTrue(expected[1][0] != expected[2][0]);
  }
}
