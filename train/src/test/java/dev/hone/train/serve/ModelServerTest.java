package dev.hone.train.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.HostArray;
import dev.hone.core.random.Philox;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.monitor.Answered;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who gets in, what comes and goes while the server runs, what it holds up to, and how it ends. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ModelServerTest {
  private static final String ASK = "{'model': 'tiny', 'prompt': 'Hello', 'temperature': 0, 'max_tokens': 8}";
  private static final String LONG = "{'model': 'tiny', 'prompt': 'Hello', 'temperature': 1, 'seed': 1, 'ignore_eos': true, "
      + "'max_tokens': 4000, 'stream': true}";

  @TempDir
  static Path directory;

  @BeforeAll
  static void write() throws IOException {
    Path tiny = TinyLanguageModel.write(directory.resolve("tiny"));
    Path config = tiny.resolve("config.json");
    Files.writeString(config, Files.readString(config).replaceFirst("(\"max_position_embeddings\"\\s*:\\s*)\\d+", "$18192"));
    for (int seed = 1; seed <= 2; seed++) {
      PretrainedModel model = PretrainedModel.load(tiny, Task.CAUSAL_LM);
      Adapter adapter = Adapter.attach(model, LoraConfig.of(4, 16), seed);
      int stream = seed;
      model.parameters().forEach((path, parameter) -> {
        if (path.contains("lora_B")) {
          try (HostArray values = parameter.value().onHost(HostArray.Access.WRITE)) {
            new Philox(stream, path.hashCode()).fillNormal(values.array(), values.offset(), values.length(), 0, 0.3f);
          }
        }
      });
      AdapterFiles.save(adapter, directory.resolve("adapters/version" + seed), "tiny");
    }
  }

  private static ModelServer server(Map<String, Object> settings) throws IOException {
    Map<String, Object> all = new HashMap<>(Map.of("port", 0));
    all.putAll(settings);
    ModelServer server = ModelServer.open(ServerSettings.ALL.read(all));
    server.add("tiny", TextGenerator.load(directory.resolve("tiny"), null));
    server.ready();
    return server;
  }

  /** Sends bytes and gives the first line of what comes back. */
  private static String raw(ModelServer server, String request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1)).readLine();
    }
  }

  /** Opens a stream and reads it until the first token. */
  private static Socket begin(ModelServer server, String body) throws IOException {
    Socket socket = new Socket("127.0.0.1", server.port());
    String json = body.replace('\'', '"');
    OutputStream out = socket.getOutputStream();
    out.write(("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + json.length() + "\r\n\r\n" + json)
        .getBytes(StandardCharsets.US_ASCII));
    out.flush();
    InputStream in = socket.getInputStream();
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf("data: ") < 0) {
      int b = in.read();
      assertTrue(b >= 0, seen::toString);
      seen.append((char) b);
    }
    return socket;
  }

  private static double gauge(Asking client, String name) throws Exception {
    for (String line : client.get("/metrics").response().body().split("\n")) {
      if (line.startsWith(name + " ")) {
        return Double.parseDouble(line.substring(name.length() + 1));
      }
    }
    throw new AssertionError("no metric " + name);
  }

  private static void await(Asking client, String name, double value) throws Exception {
    while (gauge(client, name) != value) {
      Thread.sleep(10);
    }
  }

  @Test
  void nobodyGetsInWithoutTheKeyButForHealth() throws Exception {
    try (ModelServer server = server(Map.of("key", "secret")); Asking without = new Asking(server); Asking wrong =
        new Asking(server, "Secret");
        Asking right = new Asking(server, "secret")) {
      for (String path : List.of("/v1/models", "/metrics", "/load", "/no/such/path")) {
        assertEquals(401, without.get(path).status(), path);
        assertEquals(401, wrong.get(path).status(), path);
      }
      for (String path : List.of("/v1/completions", "/v1/chat/completions", "/v1/classify", "/predict", "/embed", "/rerank",
          "/v1/feedback", "/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/v1/embeddings")) {
        assertEquals(401, without.post(path, ASK).status(), path);
      }
      assertEquals("invalid_api_key", without.post("/v1/completions", ASK).json().path("error").path("code").asString());
      assertEquals(200, right.post("/v1/completions", ASK).status());
      assertEquals(200, without.get("/health").status());
      assertEquals(200, without.get("/health/live").status());
    }
  }

  @Test
  void anotherAddressNeedsAKey() {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class,
        () -> ServerSettings.ALL.read(Map.of("host", "0.0.0.0")));
    assertTrue(e.getMessage().contains("give a key"), e.getMessage());
  }

  @Test
  void pagesOfOthersAndNamesOfOthersAreKeptOut() throws Exception {
    try (ModelServer server = server(Map.of("cors_origins", "http://friend.example")); Asking client = new Asking(server)) {
      String rebound = raw(server, "GET /v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
      assertTrue(rebound.startsWith("HTTP/1.1 403"), rebound);
      HttpRequest evil = client.request("/v1/completions").header("Origin", "http://evil.example")
          .POST(HttpRequest.BodyPublishers.ofString(ASK.replace('\'', '"'))).build();
      assertEquals(403, client.ask(evil).status());
      HttpRequest friend = client.request("/v1/completions").header("Origin", "http://friend.example")
          .header("Access-Control-Request-Headers", "x-stainless-os, content-type").method("OPTIONS",
          HttpRequest.BodyPublishers.noBody())
          .build();
      Asking.Answer allowed = client.ask(friend);
      assertEquals(204, allowed.status());
      assertEquals("x-stainless-os, content-type", allowed.response().headers().firstValue("access-control-allow-headers")
          .orElse(""));
    }
  }

  @Test
  void requestsFindTheirWayOrHearWhyNot() throws Exception {
    try (ModelServer server = server(Map.of()); Asking client = new Asking(server)) {
      assertEquals(200, client.post("/completions", ASK).status()); // without /v1, too
      assertEquals(404, client.get("/v1/nothing").status());
      Asking.Answer method = client.get("/v1/completions");
      assertEquals(405, method.status());
      assertEquals("POST", method.response().headers().firstValue("allow").orElse(""));
      assertEquals("tiny", client.get("/v1/models").json().path("data").path(0).path("id").asString());
      assertEquals(8192, client.get("/v1/models/tiny").json().path("max_model_len").asInt());
      assertEquals(404, client.get("/v1/models/other").status());
      for (String body : List.of("", "{", "[1]", "{\"temperature\": NaN}", "[".repeat(20_000))) {
        assertEquals(400, client.postRaw("/v1/completions", body).status(), body.substring(0, Math.min(20, body.length())));
      }
      Asking.Answer template = client.post("/v1/chat/completions",
          "{'model': 'tiny', 'messages': [{'role': 'user', 'content': 5}]}");
      assertEquals(400, template.status());
      assertFalse(template.error().contains(directory.toString()));
    }
  }

  @Test
  void oddRequestsAreAnsweredInTheFormOfErrors() throws Exception {
    try (ModelServer server = server(Map.of()); Asking client = new Asking(server)) {
      HttpResponse<String> head = client.ask(client.request("/v1/models").HEAD().build()).response();
      assertEquals(200, head.statusCode());
      assertEquals("", head.body());
      assertEquals(client.get("/v1/models").response().body().length(), Integer.parseInt(head.headers().firstValue(
          "content-length").orElse("")));
      Asking.Answer packed = client.ask(client.request("/v1/completions").header("Content-Encoding", "gzip")
          .POST(HttpRequest.BodyPublishers.ofString("x")).build());
      assertEquals(415, packed.status());
      assertEquals("unsupported_encoding", packed.json().path("error").path("code").asString());
      Asking.Answer cut = client.post("/v1/completions", ASK.replace("tiny", "x".repeat(56) + "😀".repeat(9)));
      assertEquals(404, cut.status());
      assertTrue(cut.error().startsWith("no model '" + "x".repeat(56) + "...'"), cut.error());
      Asking.Answer half = client.post("/v1/completions", ASK.replace("tiny", "\\ud83d"));
      assertEquals(404, half.status());
      assertTrue(half.error().startsWith("no model '?'"), half.error());
      Asking.Answer echo = client.post("/v1/completions", ASK.replace("Hello", "a\\ud83db").replace("}", ", 'echo': true}"));
      assertEquals(200, echo.status());
      assertTrue(echo.choice(0).path("text").asString().startsWith("a?b"));
    }
  }

  @Test
  void anAdapterWhoseFilesAreWrongIsTheClientsBusiness() throws Exception {
    Path broken = directory.resolve("adapters/broken");
    Files.createDirectories(broken);
    for (String name : List.of("adapter_config.json", "adapter_model.safetensors")) {
      Files.copy(directory.resolve("adapters/version1").resolve(name), broken.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
    Files.write(broken.resolve("chat_template.jinja"), new byte[] {(byte) 0xc3, '('}); // no UTF-8
    try (ModelServer server = server(Map.of()); Asking client = new Asking(server)) {
      server.allowAdapters(directory.resolve("adapters"));
      Asking.Answer answer = client.post("/v1/load_lora_adapter", "{'lora_name': 'broken'}");
      assertEquals(400, answer.status());
      assertEquals("reading a chat template from chat_template.jinja: it is not valid UTF-8", answer.error());
    }
  }

  @Test
  void largeBodiesAreRefusedBeforeTheyAreRead() throws Exception {
    try (ModelServer server = server(Map.of("max_body", 1000))) {
      String announced = raw(server, "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n{");
      assertTrue(announced.startsWith("HTTP/1.1 413"), announced);
      String chunk = "1000\r\n" + " ".repeat(4096) + "\r\n";
      String chunked = raw(server, "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
          + "chunked\r\nConnection: close\r\n\r\n"
          + chunk + "0\r\n\r\n");
      assertTrue(chunked.startsWith("HTTP/1.1 413"), chunked);
    }
  }

  @Test
  void adaptersComeAndGoByTheirNames() throws Exception {
    try (ModelServer server = server(Map.of()); Asking client = new Asking(server)) {
      String load = "{'lora_name': 'mine', 'lora_path': 'version1'}";
      assertEquals(403, client.post("/v1/load_lora_adapter", load).status());
      server.allowAdapters(directory.resolve("adapters"));
      for (String path : List.of("../adapters/version1", directory.resolve("adapters/version1").toString(),
          "version1/../version2", ".hidden")) {
        assertEquals(400, client.post("/v1/load_lora_adapter", "{'lora_name': 'mine', 'lora_path': '" + path + "'}").status(),
            path);
      }
      assertEquals(404, client.post("/v1/load_lora_adapter", "{'lora_name': 'mine', 'lora_path': 'version9'}").status());
      assertEquals(404, client.post("/v1/completions", ASK.replace("tiny", "mine")).status());
      String base = client.post("/v1/completions", ASK).json().path("choices").toString();
      assertEquals(200, client.post("/v1/load_lora_adapter", load).status());
      assertEquals("tiny", client.get("/v1/models/mine").json().path("parent").asString());
      String first = client.post("/v1/completions", ASK.replace("tiny", "mine")).json().path("choices").toString();
      assertNotEquals(base, first);
      assertEquals(400, client.post("/v1/load_lora_adapter", load).status());
      assertEquals(200, client.post("/v1/load_lora_adapter", "{'lora_name': 'mine', 'lora_path': 'version2', 'load_inplace': "
          + "true}").status());
      assertNotEquals(first, client.post("/v1/completions", ASK.replace("tiny", "mine")).json().path("choices").toString());
      assertEquals(base, client.post("/v1/completions", ASK).json().path("choices").toString());
      assertEquals(200, client.post("/v1/unload_lora_adapter", "{'lora_name': 'mine'}").status());
      assertEquals(404, client.post("/v1/completions", ASK.replace("tiny", "mine")).status());
      assertEquals(404, client.post("/v1/unload_lora_adapter", "{'lora_name': 'mine'}").status());
    }
  }

  @Test
  void anAdapterMayHaveAChatTemplateAndSettingsOfItsOwn() throws Exception {
    Path own = directory.resolve("adapters/own");
    Files.createDirectories(own);
    try (var files = Files.list(directory.resolve("adapters/version1"))) {
      for (Path file : files.toList()) {
        Files.copy(file, own.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.writeString(own.resolve("chat_template.jinja"), "{{ bos_token }}{{ messages[0].content }}");
    Files.writeString(own.resolve("generation_config.json"), "{\"eos_token_id\": 70}");
    try (ModelServer server = server(Map.of()); Asking client = new Asking(server)) {
      server.addAdapter("tiny", "own", own);
      String chat = "{'model': 'own', 'messages': [{'role': 'user', 'content': 'Hello'}], 'logit_bias': {'70': 100}}";
      Asking.Answer answer = client.post("/v1/chat/completions", chat);
      assertEquals(200, answer.status(), answer.error());
      assertEquals(6, answer.json().path("usage").path("prompt_tokens").asInt());
      assertEquals(1, answer.json().path("usage").path("completion_tokens").asInt());
      assertEquals("stop", answer.choice(0).path("finish_reason").asString());
      assertTrue(server.removeAdapter("own"));
      assertFalse(server.removeAdapter("own"));
    }
  }

  @Test
  void whenTheQueueIsFullMoreIsRefusedWithAHintWhenToComeBack() throws Exception {
    try (ModelServer server = server(Map.of("max_requests", 2, "streams", 1, "grace", 0)); Asking client = new Asking(server)) {
      try (Socket one = begin(server, LONG); Socket two = new Socket("127.0.0.1", server.port())) {
        String body = LONG.replace('\'', '"');
        two.getOutputStream().write(("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length()
            + "\r\n\r\n"
            + body).getBytes(StandardCharsets.US_ASCII));
        await(client, "hone_requests_in_flight", 2);
        Asking.Answer third = client.post("/v1/completions", ASK);
        assertEquals(429, third.status());
        assertEquals("1", third.response().headers().firstValue("retry-after").orElse(""));
        assertTrue(one.isConnected());
      }
    }
    try (ModelServer server = server(Map.of("max_queued_tokens", 100, "cache_tokens", 5000, "grace", 0));
        Asking client = new Asking(server); Socket _ = begin(server, LONG)) {
      assertEquals(429, client.post("/v1/completions", "{'model': 'tiny', 'prompt': 'x', 'max_tokens': 4000}").status());
      assertEquals(200, client.post("/v1/completions", ASK).status());
    }
  }

  @Test
  void aClientThatLeavesGivesItsPlaceFree() throws Exception {
    try (ModelServer server = server(Map.of("streams", 1)); Asking client = new Asking(server)) {
      for (int i = 0; i < 3; i++) {
        begin(server, LONG).close();
      }
      String whole = LONG.replace("true}", "false}").replace('\'', '"'); // an answer in one piece
      try (Socket socket = new Socket("127.0.0.1", server.port())) {
        socket.getOutputStream().write(("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + whole.length()
            + "\r\n\r\n" + whole).getBytes(StandardCharsets.US_ASCII));
        await(client, "hone_texts_running", 1);
      }
      await(client, "hone_texts_running", 0);
      await(client, "hone_requests_in_flight", 0);
      assertEquals(200, client.post("/v1/completions", ASK).status());
    }
  }

  @Test
  void stoppingFinishesWhatHasBegunAndLetsNobodyIn() throws Exception {
    ModelServer server = server(Map.of("grace", 60));
    try (Asking client = new Asking(server)) {
      Socket socket = begin(server, LONG.replace("4000", "300"));
      CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);
      while (client.get("/health").status() == 200) {
        Thread.onSpinWait();
      }
      String rest = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(rest.contains("[DONE]"), () -> rest.substring(Math.max(0, rest.length() - 200)));
      closing.get();
    }
  }

  @Test
  void whatIsNotFinishedInTimeEndsWithAnErrorEvent() throws Exception {
    ModelServer server = server(Map.of("grace", 0));
    Socket socket = begin(server, LONG);
    server.close();
    String rest = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(rest.contains("\"error\"") && rest.contains("stopping") && !rest.contains("[DONE]"),
        () -> rest.substring(Math.max(0, rest.length() - 300)));
  }

  @Test
  void whoAsksBeforeTheModelIsThereIsToldToWait() throws Exception {
    try (ModelServer server = ModelServer.open(ServerSettings.onPort(0)); Asking client = new Asking(server)) {
      assertEquals(503, client.get("/health").status());
      assertEquals("Loading model", client.get("/health").json().path("error").path("message").asString());
      assertEquals(503, client.post("/v1/completions", ASK).status());
      server.ready();
      assertEquals(200, client.get("/health").status());
      assertEquals(404, client.post("/v1/completions", ASK).status());
    }
  }

  @Test
  void everyAnswerIsToldToTheLogAndWhatItThrowsHarmsNobody() throws Exception {
    LinkedBlockingQueue<Answered> told = new LinkedBlockingQueue<>();
    try (ModelServer server = server(Map.of()); Asking client = new Asking(server)) {
      server.log(answered -> {
        told.add(answered);
        throw new IllegalStateException("on purpose");
      });
      Asking.Answer answer = client.post("/v1/completions", ASK);
      assertEquals(200, answer.status());
      Answered one = told.take();
      assertEquals(answer.json().path("id").asString(), one.id());
      assertEquals(answer.choice(0).path("text").asString(), one.output());
      assertEquals("completions", one.route());
      assertEquals(6, one.promptTokens());
    }
  }

  @Test
  void textsOfManyClientsAreThoseThatEachGetsAlone() throws Exception {
    try (ModelServer server = server(Map.of("streams", 8)); Asking client = new Asking(server)) {
      List<String> alone = new ArrayList<>();
      List<String> bodies = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        bodies.add("{'model': 'tiny', 'prompt': '" + "text ".repeat(i * 7) + i + "', 'temperature': 1, 'seed': " + i
            + ", 'max_tokens': 30, 'ignore_eos': true}");
        alone.add(client.post("/v1/completions", bodies.get(i)).json().path("choices").toString());
      }
      List<CompletableFuture<String>> together = new ArrayList<>();
      CountDownLatch start = new CountDownLatch(1);
      for (String body : bodies) {
        together.add(CompletableFuture.supplyAsync(() -> {
          try {
            start.await();
            return client.post("/v1/completions", body).json().path("choices").toString();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        }, task -> Thread.ofVirtual().start(task)));
      }
      start.countDown();
      for (int i = 0; i < bodies.size(); i++) {
        assertEquals(alone.get(i), together.get(i).join());
      }
    }
  }
}
