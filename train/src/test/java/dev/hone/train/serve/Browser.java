package dev.hone.train.serve;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Chromium without a window, told what to do by its own protocol for tools. */
final class Browser implements AutoCloseable {
  private final Process process;
  private final HttpClient client = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final AtomicInteger number = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
  private final List<String> complaints = Collections.synchronizedList(new ArrayList<>());

  /** The program; null where there is none. */
  static Path program() {
    return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome").map(Path::of)
        .filter(Files::isExecutable).findFirst().orElse(null);
  }

  Browser(Path program, Path profile) throws IOException, InterruptedException {
    process = new ProcessBuilder(program.toString(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--remote-debugging-port=0", "--user-data-dir=" + profile, "about:blank").redirectErrorStream(true)
        .start();
    BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
    String port = null;
    for (String line = said.readLine(); port == null; line = said.readLine()) {
      if (line == null) {
        throw new IOException("the browser ended before it listened");
      }
      int at = line.indexOf("ws://127.0.0.1:");
      port = at < 0 ? null : line.substring(at + 15, line.indexOf('/', at + 15));
    }
    Thread.ofVirtual().start(() -> said.lines().forEach(_ -> { })); // so that it never waits for a reader
    URI list = URI.create("http://127.0.0.1:" + port + "/json/list");
    JsonNode pages = Asking.JSON.readTree(client.send(HttpRequest.newBuilder(list).build(), HttpResponse.BodyHandlers.ofString())
        .body());
    String page = null;
    for (JsonNode each : pages) {
      page = each.path("type").asString().equals("page") ? each.path("webSocketDebuggerUrl").asString() : page;
    }
    socket = client.newWebSocketBuilder().buildAsync(URI.create(page), new Listener()).join();
    command("Runtime.enable", HttpCall.object());
    command("Log.enable", HttpCall.object());
    command("Page.enable", HttpCall.object());
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      message.append(data);
      if (last) {
        JsonNode json = Asking.JSON.readTree(message.toString());
        message.setLength(0);
        String method = json.path("method").asString("");
        if (json.has("id")) {
          answers.remove(json.path("id").asInt()).complete(json);
        } else if (method.equals("Runtime.exceptionThrown") || method.equals("Log.entryAdded")) {
          complaints.add(json.path("params").toString());
        }
      }
      from.request(1);
      return null;
    }
  }

  private JsonNode command(String method, ObjectNode params) {
    int id = number.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    answers.put(id, answer);
    ObjectNode message = HttpCall.object().put("id", id).put("method", method);
    message.set("params", params);
    socket.sendText(Asking.JSON.writeValueAsString(message), true).join();
    JsonNode json = answer.join();
    if (json.has("error")) {
      throw new IllegalStateException(method + ": " + json.path("error"));
    }
    return json.path("result");
  }

  void size(int width, int height) {
    command("Emulation.setDeviceMetricsOverride", HttpCall.object().put("width", width).put("height", height)
        .put("deviceScaleFactor", 1).put("mobile", false));
  }

  void open(String address) {
    command("Page.navigate", HttpCall.object().put("url", address));
    until("document.readyState === 'complete'");
  }

  /** What an expression is, once it is settled. */
  JsonNode value(String expression) {
    JsonNode result = command("Runtime.evaluate", HttpCall.object().put("expression", expression).put("awaitPromise", true)
        .put("returnByValue", true).put("userGesture", true));
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + result.path("exceptionDetails"));
    }
    return result.path("result").path("value");
  }

  /** Waits until an expression is true. */
  void until(String expression) {
    value("new Promise(done => { const look = () => { if (" + expression
        + ") done(true); else setTimeout(look, 10); }; look(); })");
  }

  /** Errors of scripts, and what the browser itself says of the page. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  @Override
  public void close() {
    socket.abort();
    client.close();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().onExit().join();
  }
}
