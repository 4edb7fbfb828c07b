package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.TinyModel;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.monitor.AnswerLog;
import dev.hone.train.monitor.Feedback;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A server is killed while clients tell it what they think: what was answered 200 is in the log, and the next server writes on.
 * {@code -Dhone.serve.kills=50} for a long run.
 */
class FeedbackKillTest {
  private static final int KILLS = Integer.getInteger("hone.serve.kills", 2);
  private static final int CLIENTS = 4;

  @TempDir
  Path directory;
  private final Map<String, String> kept = new ConcurrentHashMap<>(); // the last word that was answered 200, by id
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final Map<String, String> open = new ConcurrentHashMap<>(); // the word that was never answered

  private static String post(HttpClient client, String address, String path, String body) throws Exception {
    HttpResponse<String> answer = client.send(HttpRequest.newBuilder(URI.create(address + path))
        .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"'))).build(), HttpResponse.BodyHandlers.ofString());
    assertEquals(200, answer.statusCode(), answer.body());
    return answer.body();
  }

  /** Classifies and gives feedback, twice for each answer, until the server is gone. */
  private void ask(String address) {
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0;; i++) {
        JsonNode answer = Asking.JSON.readTree(post(client, address, "/v1/classify",
            "{'model': 'reviews', 'input': 'it is good'}"));
        String id = answer.path("id").asString();
        for (String label : List.of("up", i % 2 == 0 ? "down" : "up")) {
          open.put(id, label);
          post(client, address, "/v1/feedback", "{'id': '" + id + "', 'label': '" + label + "', 'comment': '"
              + "x".repeat(i % 300)
              + "'}");
          kept.put(id, label);
          open.remove(id);
        }
      }
    } catch (IOException _) {
      // it was killed
    } catch (Exception | AssertionError e) {
      failures.add(e);
    }
  }

  @Test
  @Timeout(1800)
  void whatWasAnsweredIsInTheLogHoweverOftenTheServerIsKilled() throws Exception {
    Path base = TinyModel.write(directory.resolve("base"));
    PretrainedModel model = PretrainedModel.load(base, new Labels(List.of("up", "down"), Labels.Kind.SINGLE_LABEL), 1);
    AdapterFiles.save(Adapter.attach(model, LoraConfig.of(2, 4), 1), directory.resolve("reviews"), "base");
    Random random = new Random(5);
    Path log = directory.resolve("log");
    for (int kill = 0; kill < KILLS; kill++) {
      Process process = ChildJvm.hone("serve", "--model", base, "--adapter", directory.resolve("reviews"), "--port", 0,
          "--no-warm-up", "--log", log, "--log-text").start();
      try (BufferedReader said = process.errorReader(StandardCharsets.UTF_8)) {
        StringBuilder all = new StringBuilder();
        String line = said.readLine();
        while (line != null && !line.startsWith("serving base on ")) {
          all.append(line).append('\n');
          line = said.readLine();
        }
        if (line == null) {
          throw new AssertionError("it never said where it listens: " + all);
        }
        String address = line.substring(16);
        List<Thread> clients = new ArrayList<>();
        for (int c = 0; c < CLIENTS; c++) {
          clients.add(Thread.ofVirtual().start(() -> ask(address)));
        }
        int before = kept.size();
        int enough = before + 1 + random.nextInt(40);
        while (kept.size() < enough && process.isAlive() && failures.isEmpty()) {
          Thread.sleep(1);
        }
        process.destroyForcibly().waitFor();
        assertEquals(List.of(), List.copyOf(failures));
        for (Thread client : clients) {
          client.join();
        }
      } finally {
        process.destroyForcibly();
      }
      check(log);
    }
    assertTrue(kept.size() >= KILLS);
  }

  private void check(Path log) throws IOException {
    AnswerLog all = AnswerLog.read(log, null, _ -> true); // which refuses lines that are not whole
    List<String> ids = all.entries().stream().map(entry -> entry.answered().id()).toList();
    kept.forEach((id, label) -> {
      assertTrue(ids.contains(id), "the answer " + id + " was lost");
      Feedback said = all.feedback().get(id);
      assertTrue(said != null, "feedback of " + id + " was lost");
      assertTrue(said.label().equals(label) || said.label().equals(open.get(id)), id + ": " + said.label() + ", not " + label);
    });
  }
}
