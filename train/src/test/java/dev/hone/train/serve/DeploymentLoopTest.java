package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextVectors;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.LogSettings;
import dev.hone.train.monitor.Monitor;
import dev.hone.train.monitor.MonitorReference;
import dev.hone.train.monitor.MonitoredLog;
import dev.hone.train.monitor.Registry;
import dev.hone.train.run.RetrainRun;
import dev.hone.train.run.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The whole way through a running server, at small scale: other words come in, the metrics say so, people correct answers, a
 * better version takes over and one that learnt swapped labels does not, and the way back. {@code examples/feedback-loop} does it
 * on real sentences.
 */
class DeploymentLoopTest {
  private static final String[] OLD = {"good", "bad"};
  private static final String[] NEW = {"great", "awful"}; // of the same meaning, for whoever knows them
  private static final String[] LABELS = {"up", "down"};

  @TempDir
  Path directory;

  private static String text(String word, int i) {
    return "it is " + (i % 3 == 0 ? "very " : "") + word + ' ' + (char) ('a' + i % 26) + ' ' + (char) ('a' + i / 26 % 26);
  }

  private void rows(String name, int from, int to) throws IOException {
    StringBuilder rows = new StringBuilder("text,label\n");
    for (int i = from; i < to; i++) {
      rows.append(text(OLD[i % 2], i)).append(',').append(LABELS[i % 2]).append('\n');
    }
    Files.writeString(directory.resolve(name), rows);
  }

  private Map<String, String> settings(Path model, String output) {
    Map<String, String> settings = new HashMap<>();
    settings.put("model", model.toString());
    settings.put("data", directory.resolve("old.csv").toString());
    settings.put("eval_data", directory.resolve("held-out.csv").toString());
    settings.put("output_dir", directory.resolve(output).toString());
    settings.put("target_modules", "all-linear");
    settings.put("learning_rate", "0.01");
    settings.put("num_train_epochs", "8");
    settings.put("batch_size", "16");
    settings.put("report_to", "none");
    return settings;
  }

  /** Asks for the labels of a hundred texts and says which are right, or the wrong ones; returns how many answers were right. */
  private static int ask(Asking client, String[] words, int from, boolean swapped) throws Exception {
    int right = 0;
    for (int i = from; i < from + 100; i++) {
      JsonNode answer = label(client, "champion", words, i);
      right += answer.path("data").path(0).path("label").asString().equals(LABELS[i % 2]) ? 1 : 0;
      Asking.Answer said = client.post("/v1/feedback", "{'id': '" + answer.path("id").asString() + "', 'label': '"
          + LABELS[swapped ? 1 - i % 2 : i % 2] + "'}");
      assertEquals(200, said.status(), said.error());
    }
    return right;
  }

  private static JsonNode label(Asking client, String model, String[] words, int i) throws Exception {
    Asking.Answer answer = client.post("/v1/classify", "{'model': '" + model + "', 'input': '" + text(words[i % 2], i) + "'}");
    assertEquals(200, answer.status(), answer.error());
    return answer.json();
  }

  private static PrometheusText metrics(Asking client) throws Exception {
    return PrometheusText.read(client.get("/metrics").response().body());
  }

  private static PrometheusText await(Asking client, String gauge, double value) throws Exception {
    PrometheusText now = metrics(client);
    while (!Double.valueOf(value).equals(now.get(gauge))) {
      Thread.sleep(20);
      now = metrics(client);
    }
    return now;
  }

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void otherTextsAreSeenCorrectedLearntAndTheWayBackIsOpen() throws Exception {
    Path model = TinyModel.write(directory.resolve("model"));
    rows("old.csv", 0, 160);
    rows("held-out.csv", 160, 240);
    TrainingRun first = TrainingRun.of(settings(model, "first"), _ -> { });
    first.complete();
    Registry registry = Registry.open(directory.resolve("registry"));
    registry.point(Registry.CHAMPION, registry.add(first.weights(), first.output().resolve(MonitorReference.NAME), "first"));
    Path logged = directory.resolve("log");
    try (FeedbackLog log = FeedbackLog.open(logged, LogSettings.DEFAULTS.withText());
        ModelServer server = ModelServer.open(ServerSettings.onPort(0)); Asking client = new Asking(server)) {
      server.add("tiny", TextClassifier.withAdapters(model, Map.of("v1", registry.directory(1))));
      server.follow(registry, "tiny");
      server.keep(log);
      server.ready();
      PrometheusText before = metrics(client);
      assertEquals(1, before.get("hone_version{name=\"champion\"}"));
      assertNull(before.get("hone_monitor_alarm")); // nobody has looked
      assertTrue(before.families().contains("hone_monitor_alarm"));

      int wrong = 100 - ask(client, NEW, 300, false);
      assertTrue(wrong >= 15, "the champion has " + wrong + " of the new texts wrong");
      server.watch(MonitoredLog.ofChampion(Monitor.USUAL, logged, 7, TextVectors.load(model), registry), 1);
      PrometheusText drifted = await(client, "hone_monitor_rows", 100);
      assertEquals(1, drifted.get("hone_monitor_alarm"));
      assertEquals(1, drifted.get("hone_monitor_signal_alarm{signal=\"meaning\"}"));
      assertTrue(drifted.get("hone_monitor_signal_distance{signal=\"meaning\"}")
          > drifted.get("hone_monitor_signal_usual{signal=\"meaning\"}"));
      assertEquals(0, drifted.get("hone_monitor_expected_accuracy_known"));
      double low = drifted.get("hone_monitor_expected_accuracy_low");
      double high = drifted.get("hone_monitor_expected_accuracy_high");
      assertTrue(0 <= low && low < drifted.get("hone_monitor_expected_accuracy") && high <= 1, low + " to " + high);
      double audited = drifted.get("hone_monitor_feedback_rows{rows=\"audited\"}"); // one of a hundred, drawn
      assertEquals(100, audited + drifted.get("hone_monitor_feedback_rows{rows=\"spoken\"}"));
      assertEquals(0, drifted.get("hone_monitor_failures_total"));

      RetrainRun better = RetrainRun.of(settings(model, "second"), registry, AnswerLog.read(logged, null, _ -> true),
          RetrainRun.Rules.USUAL, _ -> { });
      assertTrue(better.promoted(), better.toString());
      await(client, "hone_version{name=\"champion\"}", 2);
      int rightBefore = 0;
      for (int i = 400; i < 500; i++) {
        rightBefore += label(client, "v1", NEW, i).path("data").path(0).path("label").asString().equals(LABELS[i % 2]) ? 1 : 0;
      }
      int rightAfter = ask(client, NEW, 400, false);
      assertTrue(rightAfter > rightBefore, rightBefore + " of new texts right before, " + rightAfter + " after");

      ask(client, OLD, 500, true);
      RetrainRun poisoned = RetrainRun.of(settings(model, "third"), registry, AnswerLog.read(logged, null, _ -> true),
          RetrainRun.Rules.USUAL, _ -> { });
      assertFalse(poisoned.promoted(), poisoned.toString());
      PrometheusText after = await(client, "hone_version{name=\"challenger\"}", 3);
      assertEquals(2, after.get("hone_version{name=\"champion\"}"));

      assertEquals(1, registry.rollback(Registry.CHAMPION));
      await(client, "hone_version{name=\"champion\"}", 1);
      assertEquals(100 - wrong, ask(client, NEW, 300, false)); // as it was
    }
  }
}
