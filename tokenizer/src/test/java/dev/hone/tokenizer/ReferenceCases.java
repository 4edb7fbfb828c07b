package dev.hone.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The stored answers of the reference for one tokenizer: where they lie and how they are read. */
record ReferenceCases(Path directory, JsonNode expected) {
  private static final JsonMapper MAPPER = new JsonMapper();

  /** Directories below the root that hold both a tokenizer.json and answers for it. */
  static List<Path> directories(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(d -> Files.exists(d.resolve("tokenizer.json")) && Files.exists(d.resolve("expected.json")))
          .sorted().toList();
    }
  }

  static ReferenceCases read(Path directory) throws IOException {
    return new ReferenceCases(directory, MAPPER.readTree(directory.resolve("expected.json").toFile()));
  }

  Tokenizer tokenizer() throws IOException {
    return Tokenizer.load(directory);
  }

  /** The rows of one list; empty if the file does not have it. */
  Stream<JsonNode> rows(String list) {
    JsonNode rows = expected.get(list);
    return rows == null ? Stream.empty() : rows.valueStream();
  }

  static int[] ints(JsonNode array) {
    int[] out = new int[array.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = array.get(i).isNull() ? -1 : array.get(i).intValue();
    }
    return out;
  }

  static List<String> strings(JsonNode array) {
    List<String> out = new ArrayList<>();
    for (JsonNode n : array) {
      out.add(n.isNull() ? null : n.stringValue());
    }
    return out;
  }

  /** Offsets as text: "0-2 3-5". */
  static String offsets(JsonNode array) {
    StringBuilder out = new StringBuilder();
    for (JsonNode n : array) {
      out.append(n.get(0).intValue()).append('-').append(n.get(1).intValue()).append(' ');
    }
    return out.toString();
  }

  static String offsets(Encoding encoding) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < encoding.size(); i++) {
      out.append(encoding.start(i)).append('-').append(encoding.end(i)).append(' ');
    }
    return out.toString();
  }
}
