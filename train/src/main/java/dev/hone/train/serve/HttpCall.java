package dev.hone.train.serve;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** One request and its answer. */
final class HttpCall {
  static final JsonMapper JSON = JsonMapper.builder().build();
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String JSON_TYPE = "application/json";

  private final HttpExchange exchange;
  private final String path;
  private final int maxBody;
  private final Instant time = Instant.now();
  private final long start = System.nanoTime();
  private final String id = random();
  private OutputStream out; // once the answer has begun
  private int status;
  private boolean ended;

  /** The client has left, or sends what is no HTTP; other trouble with files and the like is the server's own. */
  static final class ClientGone extends IOException {
    private static final long serialVersionUID = 1L;

    private ClientGone(IOException cause) {
      super(cause);
    }
  }

  /** What reads from or writes to the client. */
  private interface Exchange<T> {
    T run() throws IOException;
  }

  private static <T> T with(Exchange<T> exchange) throws ClientGone {
    try {
      return exchange.run();
    } catch (IOException e) {
      throw new ClientGone(e);
    }
  }

  HttpCall(HttpExchange exchange, String path, int maxBody) {
    this.exchange = exchange;
    this.path = path;
    this.maxBody = maxBody;
  }

  static String random() {
    byte[] bytes = new byte[16];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** The path without {@code /v1}. */
  String path() {
    return path;
  }

  String method() {
    return exchange.getRequestMethod();
  }

  Instant time() {
    return time;
  }

  /** Nanoseconds since the request came. */
  long elapsed() {
    return System.nanoTime() - start;
  }

  /** A number of its own, the end of the answer's id. */
  String id() {
    return id;
  }

  int status() {
    return status;
  }

  Headers headers() {
    return exchange.getRequestHeaders();
  }

  void header(String name, String value) {
    exchange.getResponseHeaders().set(name, value);
  }

  /** The fields of the body, which must be a JSON object. */
  Fields fields() throws IOException {
    JsonNode json;
    byte[] body = body();
    try {
      json = JSON.readTree(body);
    } catch (JacksonException e) {
      throw ApiException.bad(null, "the body is not JSON: " + ApiException.shortened(e.getOriginalMessage()));
    }
    if (!(json instanceof ObjectNode object)) {
      throw ApiException.bad(null, body.length == 0 ? "the body is empty; it must be a JSON object"
          : "the body must be a JSON object");
    }
    return new Fields(object);
  }

  private byte[] body() throws IOException {
    String announced = headers().getFirst("Content-Length");
    if (announced != null && announced.length() > 10 || announced != null && Long.parseLong(announced.strip()) > maxBody) {
      throw ApiException.tooLarge("the body has more than " + maxBody + " bytes");
    }
    String encoding = headers().getFirst("Content-Encoding");
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      throw new ApiException(415, "invalid_request_error", null, "unsupported_encoding", "the body is encoded as "
          + ApiException.shortened(encoding) + "; send it as it is, without Content-Encoding");
    }
    byte[] body = with(() -> exchange.getRequestBody().readNBytes(maxBody + 1));
    if (body.length > maxBody) {
      throw ApiException.tooLarge("the body has more than " + maxBody + " bytes");
    }
    return body;
  }

  /** Answers in one piece. */
  void reply(int code, JsonNode json) throws IOException {
    reply(code, JSON_TYPE, bytes(json));
  }

  void reply(int code, String type, byte[] body) throws IOException {
    if (out != null) { // after a beginning that kept the connection alive
      write(body);
      end();
      return;
    }
    status = code;
    header("Content-Type", type);
    boolean none = body.length == 0 || method().equals("HEAD");
    if (body.length > 0 && none) {
      header("Content-Length", Integer.toString(body.length)); // of what GET would get
    }
    with(() -> {
      exchange.sendResponseHeaders(code, none ? -1 : body.length);
      if (!none) {
        exchange.getResponseBody().write(body);
        exchange.getResponseBody().flush(); // before what is left of the request is waited for
      }
      return body;
    });
    exchange.close();
  }

  /** JSON in UTF-8; half a surrogate pair, which a client may send and no UTF-8 holds, becomes a question mark. */
  private static byte[] bytes(JsonNode json) {
    return JSON.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
  }

  /** More of an answer that has begun. */
  private void write(byte[] bytes) throws ClientGone {
    with(() -> {
      out.write(bytes);
      out.flush();
      return bytes;
    });
  }

  /** An error: its status if nothing is out yet. */
  void fail(ApiException e) throws IOException {
    if (ended) {
      return; // it was an event of the stream
    }
    if (out != null) {
      throw new IOException("the answer had begun: " + e.getMessage());
    }
    if (e.status() == 429 || e.status() == 503) {
      header("Retry-After", "1");
    }
    if (e.status() == 413) {
      header("Connection", "close"); // the rest of the body is not going to be read
    }
    reply(e.status(), error(e));
  }

  static ObjectNode error(ApiException e) {
    ObjectNode root = object();
    root.putObject("error").put("message", e.getMessage()).put("type", e.type()).put("param", e.param()).put("code", e.code());
    return root;
  }

  /** Begins an answer whose length is not known. */
  private void begin(String type) throws IOException {
    if (out == null) {
      status = 200;
      header("Content-Type", type);
      header("Cache-Control", "no-store");
      out = with(() -> {
        exchange.sendResponseHeaders(200, 0);
        return exchange.getResponseBody();
      });
    }
  }

  /** Whether something of the answer is out. */
  boolean hasBegun() {
    return out != null;
  }

  /** Something without meaning, so that a client that has left shows: a write to it fails. */
  void heartbeat(boolean events) throws IOException {
    begin(events ? "text/event-stream" : JSON_TYPE);
    write((events ? ": \n\n" : "\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** One event of a stream. */
  void event(JsonNode json) throws IOException {
    event(JSON.writeValueAsString(json));
  }

  void event(String data) throws IOException {
    begin("text/event-stream");
    write(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Ends a stream. */
  void end() throws IOException {
    ended = true;
    with(() -> {
      out.close();
      return out;
    });
    exchange.close();
  }

  /** Cuts the connection, so that nobody takes what is out for all of an answer. */
  void cut() {
    exchange.close();
  }
}
