package dev.hone.train.source.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A stand-in for the Hugging Face Hub: lists, files that are answered here or by redirects to a second host, rights, uploads.
 * What it answers was compared with transcripts of the real client.
 */
final class FakeHub extends FakeServer {
  static final String GOOD = "hf_good_token_for_tests";
  static final String OTHER = "hf_other_token_for_tests";
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Pattern LARGE = Pattern.compile(".*\\.(safetensors|bin|gguf|parquet|model)");

  /** The files of a commit by path. */
  private record Repo(Map<String, String> revisions, Map<String, Map<String, byte[]>> commits) {}

  final Set<String> gated = new HashSet<>();
  final Set<String> secret = new HashSet<>();
  int pageSize = 1000;
  /** The length from which an upload is to come in parts. */
  int multipart = Integer.MAX_VALUE;
  final Map<String, byte[]> stored = new ConcurrentHashMap<>();
  private final Map<String, Map<Integer, byte[]>> parts = new ConcurrentHashMap<>();
  private final Map<String, Repo> repos = new ConcurrentHashMap<>();

  FakeHub() throws IOException {}

  /** Publishes files; returns the commit. */
  String put(String name, String revision, Map<String, byte[]> files) {
    StringBuilder all = new StringBuilder();
    new TreeMap<>(files).forEach((path, content) -> all.append(path).append(Hashes.git(content)));
    String commit = Hashes.git(all.toString().getBytes(StandardCharsets.UTF_8));
    Repo repo = repos.computeIfAbsent(name, _ -> new Repo(new ConcurrentHashMap<>(), new ConcurrentHashMap<>()));
    repo.commits().put(commit, new TreeMap<>(files));
    repo.revisions().put(revision, commit);
    return commit;
  }

  /** The files of the main branch. */
  Map<String, byte[]> files(String name) {
    Repo repo = repos.get(name);
    return repo.commits().get(repo.revisions().get("main"));
  }

  private static boolean isLarge(String path, byte[] content) {
    return LARGE.matcher(path).matches() || content.length > 10_000_000;
  }

  /** An answer that is a refusal. */
  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Reply reply;

    Refusal(int status, String message, String code) {
      reply = code == null ? Reply.of(status, "{}", "X-Error-Message", message)
          : Reply.of(status, "{}", "X-Error-Message", message, "X-Error-Code", code);
    }
  }

  @Override
  Reply answer(Request request) throws IOException {
    try {
      return request.first() ? hub(request) : elsewhere(request);
    } catch (Refusal e) {
      return e.reply;
    }
  }

  private Reply hub(Request request) {
    String token = request.header("authorization").replaceFirst("^Bearer ", "");
    if (!token.isEmpty() && !token.equals(GOOD) && !token.equals(OTHER)) {
      throw new Refusal(401, "Invalid credentials in Authorization header", null);
    }
    String place = URLDecoder.decode(request.place(), StandardCharsets.UTF_8);
    Matcher api = Pattern.compile("/api/(models|datasets)/([^/]+/[^/]+)/(revision|tree|preupload|commit)/(.+)").matcher(place);
    if (place.equals("/api/repos/create")) {
      return create(request, token);
    }
    if (api.matches()) {
      String name = (api.group(1).equals("datasets") ? "datasets/" : "") + api.group(2);
      return switch (api.group(3)) {
        case "revision" -> Reply.of(200, JSON.createObjectNode().put("id", api.group(2)).put("private", secret.contains(name))
            .put("downloads", 0).put("likes", 0).put("sha", commit(repo(name, token, false), api.group(4))).set("tags",
                JSON.createArrayNode()).toString());
        case "tree" -> tree(name, token, api.group(4), request);
        case "preupload" -> preupload(request, name, token);
        default -> commit(request, name, token, api.group(4));
      };
    }
    Matcher batch = Pattern.compile("/([^/]+/[^/]+)\\.git/info/lfs/objects/batch").matcher(place);
    if (batch.matches()) {
      return batch(request, batch.group(1), token);
    }
    if (place.equals("/lfs-verify")) {
      JsonNode object = JSON.readTree(request.body());
      byte[] content = stored.get(object.path("oid").asString());
      return Reply.of(content != null && content.length == object.path("size").asInt() ? 200 : 404, "{}");
    }
    Matcher file = Pattern.compile("/((?:datasets/)?[^/]+/[^/]+)/resolve/([0-9a-f]{40}|[^/]+)/(.+)").matcher(place);
    if (file.matches()) {
      return resolve(file.group(1), token, file.group(2), file.group(3), request);
    }
    Matcher scope = Pattern.compile("/api/v1/models/([^/]+/[^/]+)/repo(/files)?").matcher(place);
    if (scope.matches()) {
      return scope(scope.group(1), scope.group(2) != null, request);
    }
    throw new Refusal(404, "Sorry, we can't find the page you are looking for.", null);
  }

  private Repo repo(String name, String token, boolean files) {
    if (!repos.containsKey(name) || secret.contains(name) && !token.equals(GOOD)) {
      throw token.isEmpty() ? new Refusal(401, "Invalid username or password.", "RepoNotFound")
          : new Refusal(404, "Repository not found", "RepoNotFound");
    }
    if (files && gated.contains(name) && !token.equals(GOOD)) {
      throw new Refusal(token.isEmpty() ? 401 : 403, "Access to model " + name + " is restricted", "GatedRepo");
    }
    return repos.get(name);
  }

  private static String commit(Repo repo, String revision) {
    String commit = repo.commits().containsKey(revision) ? revision : repo.revisions().get(revision);
    if (commit == null) {
      throw new Refusal(404, "Invalid rev id: " + revision, "RevisionNotFound");
    }
    return commit;
  }

  private Reply tree(String name, String token, String commit, Request request) {
    Repo repo = repo(name, token, false);
    List<ObjectNode> entries = new ArrayList<>();
    Set<String> directories = new HashSet<>();
    repo.commits().get(commit(repo, commit)).forEach((path, content) -> {
      int slash = path.lastIndexOf('/');
      if (slash > 0 && directories.add(path.substring(0, slash))) {
        entries.add(JSON.createObjectNode().put("type", "directory").put("oid", "0".repeat(40))
            .put("path", path.substring(0, slash)).put("size", 0));
      }
      ObjectNode entry = JSON.createObjectNode().put("type", "file").put("path", path).put("size", content.length);
      if (isLarge(path, content)) {
        String sha = Hashes.sha256(content);
        entry.put("oid", Hashes.git(("pointer to " + sha).getBytes(StandardCharsets.UTF_8)));
        entry.putObject("lfs").put("oid", sha).put("size", content.length).put("pointerSize", 130);
      } else {
        entry.put("oid", Hashes.git(content));
      }
      entries.add(entry);
    });
    int from = request.query("cursor").isEmpty() ? 0 : Integer.parseInt(request.query("cursor"));
    int to = Math.min(entries.size(), from + pageSize);
    ArrayNode page = JSON.createArrayNode();
    entries.subList(from, to).forEach(page::add);
    return to == entries.size() ? Reply.of(200, page.toString())
        : Reply.of(200, page.toString(), "Link", "<" + address() + request.place() + "?recursive=true&cursor=" + to
        + ">; rel=\"next\"");
  }

  private Reply resolve(String name, String token, String revision, String path, Request request) {
    Repo repo = repo(name, token, true);
    String commit = commit(repo, revision);
    byte[] content = repo.commits().get(commit).get(path);
    if (content == null) {
      throw new Refusal(404, "Entry not found", "EntryNotFound");
    }
    if (isLarge(path, content)) {
      return Reply.of(302, "Found", "Location", other() + "/cdn/" + name + "/" + commit + "/" + path + "?Signature=secret",
          "X-Repo-Commit",
          commit, "X-Linked-Etag", "\"" + Hashes.sha256(content) + "\"", "X-Linked-Size", String.valueOf(content.length));
    }
    if (request.query("cache").isEmpty()) {
      return Reply.of(307, "Temporary", "Location", request.place() + "?cache=1", "X-Repo-Commit", commit);
    }
    return content(content, request, "ETag", "\"" + Hashes.git(content) + "\"", "X-Repo-Commit", commit);
  }

  private static Reply content(byte[] content, Request request, String... headers) {
    Matcher range = Pattern.compile("bytes=(\\d+)-(\\d*)").matcher(request.header("range"));
    if (!range.matches()) {
      return Reply.of(200, content, headers);
    }
    int from = Integer.parseInt(range.group(1));
    int to = range.group(2).isEmpty() ? content.length : Math.min(content.length, Integer.parseInt(range.group(2)) + 1);
    if (from >= content.length) {
      return Reply.of(416, "", "Content-Range", "bytes */" + content.length);
    }
    Reply part = Reply.of(206, Arrays.copyOfRange(content, from, to), headers);
    part.headers().put("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + content.length);
    return part;
  }

  /** What the second host has: large files, and where they are uploaded to. It wants no token. */
  private Reply elsewhere(Request request) {
    if (!request.header("authorization").isEmpty()) {
      return Reply.of(400, "Only one auth mechanism allowed");
    }
    if (request.place().startsWith("/upload/")) {
      return upload(request);
    }
    Matcher file = Pattern.compile("/cdn/((?:datasets/)?[^/]+/[^/]+)/([0-9a-f]{40})/(.+)").matcher(request.place());
    if (!file.matches()) {
      return Reply.of(404, "");
    }
    return content(repos.get(file.group(1)).commits().get(file.group(2)).get(file.group(3)), request, "ETag", "\"0123-9\"");
  }

  private Reply scope(String name, boolean list, Request request) {
    Repo repo = repos.get(name);
    String commit = repo == null ? null : repo.revisions().get(request.query("Revision"));
    if (commit == null) {
      return Reply.of(404, "{\"Code\":10010205001,\"Message\":\"record not found\"}");
    }
    Map<String, byte[]> files = repo.commits().get(commit);
    if (!list) {
      return content(files.get(request.query("FilePath")), request);
    }
    ObjectNode answer = JSON.createObjectNode().put("Code", 200);
    ArrayNode entries = answer.putObject("Data").putArray("Files");
    files.forEach((path, content) -> entries.addObject().put("Path", path).put("Type", "blob").put("Size", content.length)
        .put("Sha256", Hashes.sha256(content)).put("Revision", commit));
    return Reply.of(200, answer.toString());
  }

  // uploads

  private static void mayWrite(String token) {
    if (!token.equals(GOOD)) {
      throw new Refusal(token.isEmpty() ? 401 : 403, token.isEmpty() ? "Invalid username or password."
          : "You don't have the rights to create a model under the namespace", null);
    }
  }

  private Reply create(Request request, String token) {
    mayWrite(token);
    JsonNode body = JSON.readTree(request.body());
    String name = body.path("organization").asString("tester") + "/" + body.path("name").asString();
    if (repos.containsKey(name)) {
      return Reply.of(409, "{\"error\":\"You already created this model repo\"}");
    }
    put(name, "main", Map.of(".gitattributes", "*.safetensors filter=lfs\n".getBytes(StandardCharsets.UTF_8)));
    if (body.path("private").asBoolean(false)) {
      secret.add(name);
    }
    return Reply.of(200, "{\"url\":\"" + address() + "/" + name + "\"}");
  }

  private Reply preupload(Request request, String name, String token) {
    mayWrite(token);
    repo(name, token, true);
    ObjectNode answer = JSON.createObjectNode();
    ArrayNode files = answer.putArray("files");
    for (JsonNode file : JSON.readTree(request.body()).path("files")) {
      String path = file.path("path").asString();
      files.addObject().put("path", path).put("uploadMode", LARGE.matcher(path).matches() ? "lfs" : "regular")
          .put("shouldIgnore", false);
    }
    return Reply.of(200, answer.toString());
  }

  private Reply batch(Request request, String name, String token) {
    mayWrite(token);
    repo(name, token, true);
    ObjectNode answer = JSON.createObjectNode().put("transfer", "basic");
    ArrayNode objects = answer.putArray("objects");
    for (JsonNode object : JSON.readTree(request.body()).path("objects")) {
      String oid = object.path("oid").asString();
      int size = object.path("size").asInt();
      ObjectNode entry = objects.addObject().put("oid", oid).put("size", size);
      if (stored.containsKey(oid)) {
        continue;
      }
      ObjectNode actions = entry.putObject("actions");
      ObjectNode upload = actions.putObject("upload");
      ObjectNode header = upload.putObject("header");
      if (size > multipart) {
        header.put("chunk_size", String.valueOf(multipart));
        for (int i = 0; i * multipart < size; i++) {
          header.put(String.format("%05d", i + 1), other() + "/upload/" + oid + "?part=" + (i + 1));
        }
        upload.put("href", other() + "/upload/complete/" + oid);
      } else {
        upload.put("href", other() + "/upload/" + oid);
      }
      actions.putObject("verify").put("href", address() + "/lfs-verify");
    }
    return Reply.of(200, answer.toString());
  }

  private Reply upload(Request request) {
    String oid = request.place().substring(request.place().lastIndexOf('/') + 1);
    byte[] content = request.body();
    if (!request.query("part").isEmpty()) {
      parts.computeIfAbsent(oid, _ -> new ConcurrentHashMap<>()).put(Integer.parseInt(request.query("part")), content);
      return Reply.of(200, "", "ETag", "\"" + Hashes.git(content) + "\"");
    }
    if (request.place().startsWith("/upload/complete/")) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (JsonNode part : JSON.readTree(content).path("parts")) {
        all.writeBytes(parts.get(oid).get(part.path("partNumber").asInt()));
      }
      content = all.toByteArray();
    }
    if (!Hashes.sha256(content).equals(oid)) {
      return Reply.of(400, "the uploaded bytes have another sha256 than was announced");
    }
    stored.put(oid, content);
    return Reply.of(200, "");
  }

  private Reply commit(Request request, String name, String token, String revision) {
    mayWrite(token);
    Repo repo = repo(name, token, true);
    Map<String, byte[]> files = new HashMap<>(repo.commits().get(commit(repo, revision)));
    for (String line : new String(request.body(), StandardCharsets.UTF_8).lines().filter(text -> !text.isBlank()).toList()) {
      JsonNode item = JSON.readTree(line);
      JsonNode value = item.path("value");
      switch (item.path("key").asString()) {
        case "file" -> files.put(value.path("path").asString(), Base64.getDecoder().decode(value.path("content").asString()));
        case "lfsFile" -> files.put(value.path("path").asString(), stored.get(value.path("oid").asString()));
        default -> { }
      }
    }
    String commit = put(name, revision, files);
    return Reply.of(200, "{\"success\":true,\"commitOid\":\"" + commit + "\",\"commitUrl\":\"" + address() + "/" + name
        + "/commit/"
        + commit + "\"}");
  }
}
