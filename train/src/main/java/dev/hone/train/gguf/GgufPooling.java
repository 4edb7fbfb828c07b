package dev.hone.train.gguf;

import dev.hone.core.io.AtomicFile;
import dev.hone.nn.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How llama.cpp's files number what is made of the hidden states of a text: {@code pooling_type}. */
public final class GgufPooling {
  private static final String KEY = "bert.pooling_type";
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Map<String, Integer> NUMBERS = Map.of("mean", 1, "cls", 2, "lasttoken", 3);

  private GgufPooling() {}

  /** The key of an encoder's metadata. */
  public static String key() {
    return KEY;
  }

  /**
   * The number of a pooling.
   *
   * @param modes as sentence-transformers calls them
   * @throws ModelException if llama.cpp has none like it
   */
  public static int number(List<String> modes) {
    Integer number = modes.size() == 1 ? NUMBERS.get(modes.getFirst()) : null;
    if (number == null) {
      throw new ModelException("GGUF: vectors are made by " + String.join(" and ", modes)
          + "; llama.cpp takes the mean of the tokens, the first (cls) or the last");
    }
    return number;
  }

  /** What sentence-transformers calls it; nothing for a file that does not say. */
  static void write(Path file, Map<String, Object> metadata, Path directory) throws IOException {
    Object number = metadata.getOrDefault(KEY, 0);
    if (number.equals(0)) {
      return;
    }
    String mode = NUMBERS.entrySet().stream().filter(entry -> number instanceof Number n && n.intValue() == entry.getValue())
        .map(Map.Entry::getKey).findFirst().orElseThrow(() -> new ModelException(file + ": " + KEY + " is " + number
            + "; 1 (mean), 2 (cls) and 3 (last token) are read"));
    ArrayNode modules = JSON.createArrayNode();
    for (String kind : List.of("Transformer", "Pooling", "Normalize")) {
      int index = modules.size();
      modules.addObject().put("idx", index).put("name", Integer.toString(index))
          .put("path", index == 0 ? "" : index + "_" + kind).put("type", "sentence_transformers.models." + kind);
    }
    ObjectNode pooling = JSON.createObjectNode();
    pooling.putArray("pooling_mode").add(mode);
    Files.createDirectories(directory.resolve("1_Pooling"));
    write(directory.resolve("1_Pooling/config.json"), pooling);
    Files.createDirectories(directory.resolve("2_Normalize"));
    write(directory.resolve("modules.json"), modules);
  }

  private static void write(Path file, JsonNode tree) throws IOException {
    AtomicFile.writeString(file, JSON.writeValueAsString(tree) + "\n");
  }
}
