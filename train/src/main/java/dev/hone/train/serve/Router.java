package dev.hone.train.serve;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.hone.core.HoneException;
import dev.hone.tokenizer.definition.TokenizerException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/** Who may ask, and what answers: every request comes by here, and leaves with one answer. */
final class Router implements HttpHandler {
  private static final List<String> LOCAL_HOSTS = List.of("localhost", "127.0.0.1", "[::1]");

  private interface Route {
    void answer(HttpCall call, Admission.Place place) throws IOException;
  }

  private final ModelServer server;
  private final Map<String, Route> posts = new TreeMap<>();
  private final Map<String, Route> gets = new TreeMap<>();
  private final byte[] key;

  Router(ModelServer server, TextRoutes texts, SentenceRoutes sentences, AdapterRoutes adapters,
      FeedbackRoutes feedback) {
    this.server = server;
    this.key = server.settings().key().isEmpty() ? null : digest(server.settings().key());
    posts.put("/chat/completions", texts::chat);
    posts.put("/completions", texts::completion);
    posts.put("/embeddings", (call, _) -> sentences.embeddings(call));
    posts.put("/embed", (call, _) -> sentences.embed(call));
    posts.put("/classify", (call, _) -> sentences.classify(call));
    posts.put("/predict", (call, _) -> sentences.predict(call));
    posts.put("/rerank", (call, _) -> sentences.rerank(call));
    posts.put("/feedback", (call, _) -> feedback.say(call));
    posts.put("/feedback/delete", (call, _) -> feedback.delete(call));
    posts.put("/load_lora_adapter", (call, _) -> adapters.load(call));
    posts.put("/unload_lora_adapter", (call, _) -> adapters.unload(call));
    gets.put("/models", (call, _) -> call.reply(200, server.models(null)));
    gets.put("/metrics", (call, _) -> call.reply(200, "text/plain; version=0.0.4; charset=utf-8",
        server.metrics().text().getBytes(StandardCharsets.UTF_8)));
    gets.put("/load", (call, _) -> call.reply(200, load()));
    for (String file : List.of("/", "/page.js", "/page.css")) {
      gets.put(file, (call, _) -> page(call, file));
    }
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    String raw = exchange.getRequestURI().getRawPath();
    String path = raw == null ? "" : raw; // of such as mailto:somebody
    String plain = path.startsWith("/v1/") ? path.substring(3) : path;
    HttpCall call = new HttpCall(exchange, plain, server.settings().maxBody());
    String name = gets.containsKey(plain) || posts.containsKey(plain) ? plain : plain.startsWith("/models/") ? "/models/"
        : "other";
    try {
      call.header("x-request-id", call.id());
      answer(call, plain);
    } catch (ApiException e) {
      tell(call, e);
    } catch (HoneException | TokenizerException | IllegalArgumentException e) {
      tell(call, ApiException.bad(null, firstLine(e))); // of a value that a client gave, or an adapter that it named
    } catch (HttpCall.ClientGone e) {
      server.metrics().add("hone_clients_gone_total", "", 1);
      call.cut();
    } catch (Throwable e) {
      tell(call, ModelServer.failure(e));
    } finally {
      server.count(call, name);
      exchange.close();
    }
  }

  private static void tell(HttpCall call, ApiException e) {
    try {
      call.fail(e);
    } catch (IOException _) {
      call.cut(); // nobody must take a part for the whole
    }
  }

  /** Of a message that may name files only what is no path. */
  private static String firstLine(RuntimeException e) {
    String line = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return line.replaceAll("(?:[A-Za-z]:)?[/\\\\][^\\s,;:'\"]*[/\\\\]", "");
  }

  private void answer(HttpCall call, String path) throws IOException {
    if (health(call, path)) {
      return;
    }
    checkHost(call.headers());
    if (crossOrigin(call)) {
      return;
    }
    boolean known = gets.containsKey(path) || posts.containsKey(path) || path.startsWith("/models/");
    if (!isPage(path)) { // which has no secrets, and asks for the key
      checkKey(call.headers());
    }
    boolean reads = call.method().equals("GET") || call.method().equals("HEAD");
    if (reads && path.startsWith("/models/")) {
      call.reply(200, server.models(URLDecoder.decode(path.substring("/models/".length()).replace("+", "%2B"),
          StandardCharsets.UTF_8)));
      return;
    }
    Route route = reads ? gets.get(path) : call.method().equals("POST") ? posts.get(path) : null;
    if (route == null) {
      if (known) {
        call.header("Allow", posts.containsKey(path) ? "POST" : "GET");
        throw new ApiException(405, "invalid_request_error", null, "method_not_allowed", path + " does not take "
            + ApiException.shortened(call.method()));
      }
      throw ApiException.notFound("there is no " + ApiException.shortened(path) + " here");
    }
    if (reads) {
      route.answer(call, null);
      return;
    }
    try (Admission.Place place = server.admission().enter()) {
      route.answer(call, place);
    }
  }

  private static boolean isPage(String path) {
    return path.equals("/") || path.equals("/page.js") || path.equals("/page.css");
  }

  /** Liveness and readiness, which need no key. */
  private boolean health(HttpCall call, String path) throws IOException {
    boolean live = path.equals("/health/live") || path.equals("/livez");
    boolean ready = path.equals("/health") || path.equals("/health/ready") || path.equals("/readyz") || path.equals("/ping");
    if (!live && !ready) {
      return false;
    }
    if (live || server.admission().isReady()) {
      call.reply(200, HttpCall.object().put("status", "ok"));
    } else {
      ObjectNode root = HttpCall.object();
      root.putObject("error").put("code", 503).put("message", server.admission().isDraining() ? "Stopping" : "Loading model")
          .put("type", "unavailable_error");
      call.header("Retry-After", "1");
      call.reply(503, root);
    }
    return true;
  }

  /** Without a key a web page must not get here by a name of its own that it lets point to this machine. */
  private void checkHost(Headers headers) {
    if (key != null) {
      return;
    }
    String host = headers.getFirst("Host");
    String name = host == null ? "" : host.replaceAll(":\\d*$", "").toLowerCase(Locale.ROOT);
    if (!LOCAL_HOSTS.contains(name)) {
      throw new ApiException(403, "invalid_request_error", null, "forbidden_host",
          "this server answers to localhost and 127.0.0.1 only, "
          + "unless it has a key");
    }
  }

  /** What browsers say of the page that asks: others than this server's own must be allowed. True if that was all they asked. */
  private boolean crossOrigin(HttpCall call) throws IOException {
    String origin = call.headers().getFirst("Origin");
    if (origin == null) {
      return false;
    }
    String host = call.headers().getFirst("Host");
    boolean own = origin.equals("http://" + host) || origin.equals("https://" + host);
    if (!own && !server.settings().origins().contains(origin)) {
      throw new ApiException(403, "invalid_request_error", null, "forbidden_origin", "pages of this origin may not ask here "
          + "(--cors-origins allows them)");
    }
    if (!own) {
      call.header("Access-Control-Allow-Origin", origin);
      call.header("Vary", "Origin");
      call.header("Access-Control-Expose-Headers", "x-request-id");
    }
    if (!call.method().equals("OPTIONS")) {
      return false;
    }
    String asked = call.headers().getFirst("Access-Control-Request-Headers");
    call.header("Access-Control-Allow-Methods", "GET, POST");
    call.header("Access-Control-Allow-Headers", asked == null || !asked.matches("[A-Za-z0-9, _-]{0,2000}")
        ? "authorization, content-type" : asked);
    call.header("Access-Control-Max-Age", "600");
    call.reply(204, "text/plain", new byte[0]);
    return true;
  }

  private void checkKey(Headers headers) {
    if (key == null) {
      return;
    }
    String given = headers.getFirst("Authorization");
    boolean bearer = given != null && given.regionMatches(true, 0, "Bearer ", 0, 7);
    if (!bearer || !MessageDigest.isEqual(key, digest(given.substring(7).strip()))) {
      throw new ApiException(401, "invalid_request_error", null, "invalid_api_key", "the key is missing or wrong; send it as "
          + "Authorization: Bearer KEY");
    }
  }

  /** So that what is compared has one length. */
  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private ObjectNode load() {
    ObjectNode root = HttpCall.object();
    server.metrics().snapshot().forEach(root::put);
    return root;
  }

  private static void page(HttpCall call, String file) throws IOException {
    String name = file.equals("/") ? "page.html" : file.substring(1);
    try (InputStream in = Router.class.getResourceAsStream(name)) {
      if (in == null) {
        throw ApiException.notFound("there is no page here");
      }
      call.header("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
          + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      call.header("X-Content-Type-Options", "nosniff");
      call.header("Cache-Control", "no-cache");
      call.reply(200, switch (name.substring(name.indexOf('.'))) {
        case ".js" -> "text/javascript; charset=utf-8";
        case ".css" -> "text/css; charset=utf-8";
        default -> "text/html; charset=utf-8";
      }, in.readAllBytes());
    }
  }
}
