package dev.hone.train.source.hub;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sends files to a repository: the hub says which of them are large; these go to its storage by their sha256, unless it has them,
 * and then one commit names all. Until that commit nothing has changed there.
 */
public final class Upload {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int SAMPLE = 512;
  private static final int AT_ONCE = 256;
  private static final String LFS = "application/vnd.git-lfs+json";

  /**
   * A file to send.
   *
   * @param path where it goes
   * @param file where it is; null if the content is given
   * @param content or null
   */
  public record Item(String path, Path file, byte[] content) {
    /** A file as it is. */
    public static Item of(String path, Path file) {
      return new Item(path, file, null);
    }

    /** A content that is in no file. */
    public static Item of(String path, byte[] content) {
      return new Item(path, null, content);
    }

    long size() throws IOException {
      return content == null ? Files.size(file) : content.length;
    }

    String sha256() throws IOException {
      return content == null ? Hashes.sha256(file) : Hashes.sha256(content);
    }

    InputStream open() throws IOException {
      return content == null ? Files.newInputStream(file) : new ByteArrayInputStream(content);
    }

    byte[] all() throws IOException {
      return content == null ? Files.readAllBytes(file) : content;
    }
  }

  private final HubHttp http;
  private final HubSettings settings;
  private final Pause pause;
  private final RepoId repo;
  private final TransferListener listener;

  Upload(HubHttp http, HubSettings settings, Pause pause, RepoId repo, TransferListener listener) {
    this.http = http;
    this.settings = settings;
    this.pause = pause;
    this.repo = repo;
    this.listener = listener;
  }

  Hub.Pushed push(List<Item> files, boolean secret, String message) throws IOException {
    create(secret);
    Set<String> large = large(files);
    Map<String, String> hashes = new HashMap<>();
    List<Item> lfs = files.stream().filter(file -> large.contains(file.path())).toList();
    for (Item file : lfs) {
      listener.progress("reading " + file.path(), false);
      hashes.put(file.path(), file.sha256());
    }
    listener.progress("", false);
    for (int i = 0; i < lfs.size(); i += AT_ONCE) {
      store(lfs.subList(i, Math.min(lfs.size(), i + AT_ONCE)), hashes);
    }
    return commit(files, hashes, message);
  }

  private String page() {
    return settings.endpoint() + "/" + repo.name();
  }

  private URI api(String what) {
    return URI.create(settings.endpoint() + "/api/models/" + repo.name() + "/" + what + "/" + HubProtocol.part(repo.revision()));
  }

  /** Makes the repository, if there is none. */
  private void create(boolean secret) throws IOException {
    try {
      new HuggingFaceProtocol(http, settings, pause).commit(repo);
      return;
    } catch (HubException.NotFound _) {
      // it is made
    }
    String[] parts = repo.name().split("/");
    ObjectNode body = JSON.createObjectNode().put("name", parts[1]).put("organization", parts[0]).put("type", "model")
        .put("private", secret);
    Answer answer = post(URI.create(settings.endpoint() + "/api/repos/create"), body.toString(), "application/json");
    if (answer.status() == 409) { // there is one that this token may not see, or it was made meanwhile
      return;
    }
    good(answer, null);
    listener.accept("made " + (secret ? "the private repository " : "the repository ") + page());
  }

  private Answer good(Answer answer, String file) throws HubException {
    if (!answer.isGood()) {
      throw HubErrors.of(repo, file, answer, settings);
    }
    return answer;
  }

  private Answer post(URI address, String body, String type) throws IOException {
    return send("POST", address, () -> HttpRequest.BodyPublishers.ofString(body), "Content-Type", type, "Accept",
        type.equals(LFS) ? LFS : "*/*");
  }

  /** What gives a body for each try. */
  @FunctionalInterface
  private interface Content {
    HttpRequest.BodyPublisher again() throws IOException;
  }

  private Answer send(String method, URI address, Content body, String... headers) throws IOException {
    Retry retry = new Retry(settings, pause, repo.toString());
    while (true) {
      try {
        Answer answer = http.send(method, address, body.again(), null, headers);
        if (!Retry.mayPass(answer.status())) {
          return answer;
        }
        retry.after(answer);
      } catch (UncheckedIOException e) {
        throw e.getCause(); // a file that cannot be read
      } catch (IOException e) {
        retry.after(e);
      }
    }
  }

  /** The paths of those that the hub wants in its storage for large files. */
  private Set<String> large(List<Item> files) throws IOException {
    Set<String> large = new HashSet<>();
    for (int i = 0; i < files.size(); i += AT_ONCE) {
      ObjectNode body = JSON.createObjectNode();
      ArrayNode asked = body.putArray("files");
      for (Item file : files.subList(i, Math.min(files.size(), i + AT_ONCE))) {
        try (InputStream in = file.open()) {
          asked.addObject().put("path", file.path()).put("size", file.size())
              .put("sample", Base64.getEncoder().encodeToString(in.readNBytes(SAMPLE)));
        }
      }
      JsonNode answer = good(post(api("preupload"), body.toString(), "application/json"), null).json();
      for (JsonNode file : answer.path("files")) {
        if (file.path("uploadMode").asString("").equals("lfs")) {
          large.add(file.path("path").asString(""));
        }
      }
    }
    return large;
  }

  /** Puts large files into the hub's storage, as far as they are not there. */
  private void store(List<Item> files, Map<String, String> hashes) throws IOException {
    ObjectNode body = JSON.createObjectNode().put("operation", "upload").put("hash_algo", "sha256");
    body.putArray("transfers").add("basic").add("multipart");
    ArrayNode objects = body.putArray("objects");
    Map<String, Item> byHash = new HashMap<>();
    for (Item file : files) {
      objects.addObject().put("oid", hashes.get(file.path())).put("size", file.size());
      byHash.put(hashes.get(file.path()), file);
    }
    body.putObject("ref").put("name", repo.revision());
    URI address = URI.create(page() + ".git/info/lfs/objects/batch");
    List<JsonNode> wanted = new ArrayList<>();
    long bytes = 0;
    for (JsonNode object : good(post(address, body.toString(), LFS), null).json().path("objects")) {
      if (object.has("error")) {
        throw new HubException(repo + ": the storage of " + settings.host() + " refuses a file: "
            + object.path("error").path("message").asString(""));
      }
      if (object.path("actions").has("upload")) {
        wanted.add(object);
        bytes += object.path("size").asLong(0);
      }
    }
    try (Meter meter = new Meter(listener, bytes)) {
      for (JsonNode object : wanted) {
        Item file = byHash.get(object.path("oid").asString(""));
        if (file == null) {
          throw new HubException(repo + ": the storage of " + settings.host() + " asks for a file that was not offered");
        }
        one(file, object, meter);
      }
    }
  }

  private void one(Item file, JsonNode object, Meter meter) throws IOException {
    JsonNode upload = object.path("actions").path("upload");
    JsonNode header = upload.path("header");
    String href = upload.path("href").asString("");
    String oid = object.path("oid").asString("");
    long size = file.size();
    if (header.path("chunk_size").isMissingNode()) {
      put(file, address(href), 0, size, meter, header);
    } else {
      long chunk = header.path("chunk_size").asLong(0);
      ObjectNode body = JSON.createObjectNode().put("oid", oid);
      ArrayNode parts = body.putArray("parts");
      Map<Integer, String> places = new TreeMap<>();
      header.properties().stream().filter(entry -> entry.getKey().matches("\\d{1,6}"))
          .forEach(entry -> places.put(Integer.parseInt(entry.getKey()), entry.getValue().asString("")));
      if (chunk <= 0 || places.size() != Math.ceilDiv(size, chunk)) {
        throw new HubException(repo + ": " + settings.host() + " wants " + file.path() + " in parts that do not make it up");
      }
      long from = 0;
      for (String place : places.values()) {
        Answer answer = put(file, address(place), from, Math.min(chunk, size - from), meter, JSON.createObjectNode());
        parts.addObject().put("partNumber", parts.size()).put("etag", answer.header("ETag"));
        from += chunk;
      }
      good(post(address(href), body.toString(), LFS), file.path());
    }
    JsonNode verify = object.path("actions").path("verify");
    if (verify.has("href")) {
      String body = JSON.createObjectNode().put("oid", oid).put("size", size).toString();
      good(post(address(verify.path("href").asString("")), body, "application/json"), file.path());
    }
  }

  private URI address(String href) throws HubException {
    try {
      URI address = URI.create(href);
      if (address.getHost() != null) {
        return address;
      }
    } catch (IllegalArgumentException _) {
      // said below
    }
    throw new HubException(repo + ": " + settings.host() + " names a storage that is no address");
  }

  private Answer put(Item file, URI address, long from, long length, Meter meter, JsonNode header) throws IOException {
    List<String> headers = new ArrayList<>();
    header.properties().forEach(entry -> {
      if (!entry.getKey().equalsIgnoreCase("Authorization") && !entry.getKey().equalsIgnoreCase("Content-Length")
          && !entry.getKey().equalsIgnoreCase("Host") && entry.getValue().isString()) {
        headers.addAll(List.of(entry.getKey(), entry.getValue().asString()));
      }
    });
    long before = meter.done();
    Answer answer = send("PUT", address, () -> {
      meter.set(before);
      AtomicLong sent = new AtomicLong();
      return new HubHttp.Counted(HttpRequest.BodyPublishers.fromPublisher(HttpRequest.BodyPublishers.ofInputStream(
          () -> slice(file, from, length, meter, sent)), length), sent);
    }, headers.toArray(String[]::new));
    if (!answer.isGood()) {
      throw new HubException(repo + ": " + file.path() + " was not taken by the storage: HTTP " + answer.status() + " from "
          + answer.place());
    }
    return answer;
  }

  private static InputStream slice(Item file, long from, long length, Meter meter, AtomicLong sent) {
    try {
      InputStream in = file.open();
      in.skipNBytes(from);
      return new FilterInputStream(in) {
        private long left = length;

        @Override
        public int read() throws IOException {
          byte[] one = new byte[1];
          return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
          int n = left == 0 ? -1 : in.read(bytes, offset, (int) Math.min(count, left));
          if (n > 0) {
            left -= n;
            sent.addAndGet(n);
            meter.add(n);
          }
          return n;
        }
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Hub.Pushed commit(List<Item> files, Map<String, String> hashes, String message) throws IOException {
    StringBuilder lines = new StringBuilder();
    ObjectNode header = JSON.createObjectNode().put("key", "header");
    header.putObject("value").put("summary", message).put("description", "");
    lines.append(header).append('\n');
    for (Item file : files) {
      String hash = hashes.get(file.path());
      ObjectNode line = JSON.createObjectNode().put("key", hash == null ? "file" : "lfsFile");
      ObjectNode value = line.putObject("value").put("path", file.path());
      if (hash == null) {
        value.put("content", Base64.getEncoder().encodeToString(file.all())).put("encoding", "base64");
      } else {
        value.put("algo", "sha256").put("oid", hash).put("size", file.size());
      }
      lines.append(line).append('\n');
    }
    byte[] body = lines.toString().getBytes(StandardCharsets.UTF_8);
    Answer answer = send("POST", api("commit"), () -> HttpRequest.BodyPublishers.ofByteArray(body), "Content-Type",
        "application/x-ndjson");
    if (answer.status() == 412) {
      throw new HubException(repo + ": somebody else changed it at the same time; run it again");
    }
    return new Hub.Pushed(page(), good(answer, null).json().path("commitOid").asString(""));
  }
}
