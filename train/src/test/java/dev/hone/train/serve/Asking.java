package dev.hone.train.serve;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client for tests: JSON there and back. */
final class Asking implements AutoCloseable {
  static final JsonMapper JSON = JsonMapper.builder().build();

  private final HttpClient client = HttpClient.newHttpClient(); // which asks for an upgrade to HTTP/2 first
  private final String address;
  private final String key;

  Asking(ModelServer server) {
    this(server, null);
  }

  Asking(ModelServer server, String key) {
    this.address = server.address();
    this.key = key;
  }

  /** A status and what came with it. */
  record Answer(int status, JsonNode json, HttpResponse<String> response) {
    JsonNode choice(int i) {
      return json.path("choices").path(i);
    }

    String text() {
      return choice(0).path("message").path("content").asString();
    }

    String error() {
      return json.path("error").path("message").asString("");
    }
  }

  Answer get(String path) throws IOException, InterruptedException {
    return ask(request(path).GET().build());
  }

  /** Posts JSON, in which single quotes stand for double ones. */
  Answer post(String path, String json) throws IOException, InterruptedException {
    return postRaw(path, json.replace('\'', '"'));
  }

  Answer postRaw(String path, String body) throws IOException, InterruptedException {
    return ask(request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build());
  }

  HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address + path)).header("Content-Type", "application/json");
    return key == null ? request : request.header("Authorization", "Bearer " + key);
  }

  Answer ask(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    boolean json = response.headers().firstValue("content-type").orElse("").startsWith("application/json");
    return new Answer(response.statusCode(), json ? JSON.readTree(response.body()) : null, response);
  }

  /** The events of a stream, without the last, which must be the mark of the end. */
  List<JsonNode> stream(String path, String json) throws IOException, InterruptedException {
    HttpResponse<String> response = client.send(request(path)
        .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"'))).build(),
        HttpResponse.BodyHandlers.ofString());
    List<String> data = new ArrayList<>();
    for (String line : response.body().split("\n")) {
      if (line.startsWith("data: ")) {
        data.add(line.substring(6));
      }
    }
    if (response.statusCode() != 200 || data.isEmpty() || !data.removeLast().equals("[DONE]")) {
      throw new AssertionError(response.statusCode() + " " + response.body());
    }
    return data.stream().map(JSON::readTree).toList();
  }

  @Override
  public void close() {
    client.close();
  }
}
