package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.random.Philox;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.infer.TextGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that are broken, cut, slow, too loud or gone among those that are none of it: these get their answers, and the server
 * is
 * afterwards what it was before, with no more memory and threads. {@code -Dhone.serve.requests=10000} for a long run.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FaultsTest {
  private static final int REQUESTS = Integer.getInteger("hone.serve.requests", 400);
  private static final int CLIENTS = 24;

  @TempDir
  Path directory;

  private enum Kind { WHOLE, STREAM, LEFT, NO_JSON, CUT, OVERSIZED, SLOW, WRONG_FIELD }

  private static Kind kind(int i) {
    Kind[] bad = {Kind.LEFT, Kind.NO_JSON, Kind.CUT, Kind.OVERSIZED, Kind.SLOW, Kind.WRONG_FIELD};
    return i % 10 == 0 ? bad[(int) (new Philox(3, 1).uniform(i) * bad.length)] : i % 2 == 0 ? Kind.WHOLE : Kind.STREAM;
  }

  private static String body(int i, Kind kind) {
    String json = "{'model': 'tiny', 'prompt': '" + "once ".repeat(i % 15) + "', 'temperature': 1, 'seed': " + i % 30
        + ", 'max_tokens': "
        + (kind == Kind.LEFT ? 60 : 6) + ", 'ignore_eos': true" + (kind == Kind.STREAM || kind == Kind.LEFT ? ", 'stream': true"
        : "")
        + (kind == Kind.WRONG_FIELD ? ", 'top_p': 7" : "") + "}";
    return kind == Kind.NO_JSON ? json.substring(0, json.length() - 3) : json.replace('\'', '"');
  }

  /** One request on a connection of its own; returns the status, or 0 for clients that do not wait for it, and what came. */
  private static String ask(int port, int i, Kind kind) throws IOException {
    String body = body(i, kind);
    int announced = switch (kind) {
      case OVERSIZED -> 1 << 30;
      case CUT -> body.length() + 10;
      default -> body.length();
    };
    String head = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + announced
        + "\r\n\r\n";
    try (Socket socket = new Socket("127.0.0.1", port)) {
      OutputStream out = socket.getOutputStream();
      InputStream in = socket.getInputStream();
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
      if (kind == Kind.SLOW) {
        for (byte b : bytes) {
          out.write(b);
          out.flush();
          Thread.yield();
        }
      } else {
        out.write(bytes);
        out.flush();
      }
      if (kind == Kind.CUT) {
        return "";
      }
      if (kind == Kind.LEFT) {
        in.read();
        return "";
      }
      if (kind == Kind.OVERSIZED) {
        byte[] first = in.readNBytes(12);
        return new String(first, StandardCharsets.US_ASCII);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static int status(String answer) {
    return answer.length() < 12 ? 0 : Integer.parseInt(answer.substring(9, 12));
  }

  /** The text of an answer, whichever its form. */
  private static String text(String answer) {
    StringBuilder text = new StringBuilder();
    for (String line : answer.split("\r?\n")) {
      String json = line.startsWith("data: {") ? line.substring(6) : line.startsWith("{\"id\"") ? line : null;
      if (json != null) {
        text.append(Asking.JSON.readTree(json).path("choices").path(0).path("text").asString(""));
      }
    }
    return text.toString();
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("hone-")).count();
  }

  @Test
  void whoAsksRightIsAnsweredRightWhateverOthersDo() throws Exception {
    TextGenerator generator = TextGenerator.load(TinyLanguageModel.write(directory), null);
    try (ModelServer server = ModelServer.open(ServerSettings.ALL.read(Map.of("port", 0, "streams", 8, "max_body", 100_000)))) {
      server.add("tiny", generator);
      server.ready();
      Map<Integer, String> expected = new HashMap<>();
      for (int i = 0; i < 30; i++) { // which is all that there are
        String answer = ask(server.port(), i, Kind.WHOLE);
        assertEquals(200, status(answer), answer);
        expected.put(i, text(answer));
      }
      long before = threads();
      round(server.port(), 0, REQUESTS / 2, expected);
      awaitEmpty(server);
      long heap = heap();
      round(server.port(), REQUESTS / 2, REQUESTS, expected);
      awaitEmpty(server);
      long more = heap() - heap;
      System.out.println(REQUESTS + " requests: " + heap / 1000 + " kB after the first half, " + more / 1000 + " more after all");
      assertTrue(more < 4_000_000, "the heap holds " + more + " bytes more after the second half than after the first");
      while (threads() > before) { // those that are idle end
        Thread.sleep(10);
      }
      assertEquals(expected.get(7), text(ask(server.port(), 7, Kind.WHOLE)));
    }
  }

  /** Many clients at once; each gets what it deserves. */
  private static void round(int port, int from, int to, Map<Integer, String> expected) throws Exception {
    List<Future<String>> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
      for (int i = from; i < to; i++) {
        int number = i;
        answers.add(clients.submit(() -> ask(port, number, kind(number))));
      }
    }
    for (int i = from; i < to; i++) {
      String answer = answers.get(i - from).get();
      switch (kind(i)) {
        case WHOLE, STREAM, SLOW -> {
          assertEquals(200, status(answer), answer);
          assertEquals(expected.get(i % 30), text(answer), "request " + i);
        }
        case NO_JSON, WRONG_FIELD -> assertEquals(400, status(answer), answer);
        case OVERSIZED -> assertEquals(413, status(answer), answer);
        case LEFT, CUT -> { }
      }
    }
  }

  private static void awaitEmpty(ModelServer server) throws Exception {
    try (Asking client = new Asking(server)) {
      while (client.get("/load").json().path("hone_requests_in_flight").asInt() > 0) {
        Thread.sleep(10);
      }
      assertEquals(0, client.get("/load").json().path("hone_texts_running").asInt());
    }
  }

  /** What the heap holds when all that nobody needs is gone. */
  private static long heap() throws InterruptedException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      Thread.sleep(20);
      least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return least;
  }
}
