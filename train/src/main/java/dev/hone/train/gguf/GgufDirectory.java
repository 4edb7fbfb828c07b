package dev.hone.train.gguf;

import dev.hone.core.io.AtomicFile;
import dev.hone.nn.ModelException;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.gguf.GgufConfig;
import dev.hone.nn.gguf.GgufFile;
import dev.hone.nn.gguf.GgufWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model directory over a file of llama.cpp: settings and tokenizer are made of its metadata, the weights are a link to it and
 * stay as they are.
 */
public final class GgufDirectory {
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final List<String> FILES = List.of("config.json", "tokenizer.json", "tokenizer_config.json");

  private GgufDirectory() {}

  /** Whether a directory is whole. */
  public static boolean isWhole(Path directory) {
    return FILES.stream().allMatch(name -> Files.isRegularFile(directory.resolve(name)))
        && Files.isReadable(directory.resolve(GgufWeights.FILE));
  }

  /**
   * Writes a directory.
   *
   * @param file of a model
   * @param directory that is there
   * @throws ModelException if the file's family, its positions or its tokenizer are not computed here as llama.cpp does
   */
  public static void write(Path file, Path directory) throws IOException {
    GgufFile gguf = GgufFile.open(file);
    ObjectNode config = GgufConfig.of(gguf);
    GgufTokenizerFile tokenizer = new GgufTokenizerFile(file, gguf.metadata());
    if (gguf.metadata().get("general.architecture").equals("bert")) {
      GgufPooling.write(file, gguf.metadata(), directory);
    } else {
      put(config, "bos_token_id", tokenizer.id("bos"));
      put(config, "eos_token_id", tokenizer.id("eos"));
    }
    put(config, "pad_token_id", tokenizer.id("padding"));
    write(directory, "config.json", config);
    write(directory, "tokenizer.json", tokenizer.tokenizer());
    write(directory, "tokenizer_config.json", tokenizer.settings());
    ObjectNode generation = JSON.createObjectNode();
    List<Integer> ends = tokenizer.ends();
    if (!ends.isEmpty()) {
      ends.forEach(generation.putArray("eos_token_id")::add);
      write(directory, GenerationSettings.FILE, generation);
    }
    link(file.toAbsolutePath().normalize(), directory.resolve(GgufWeights.FILE));
  }

  private static void put(ObjectNode tree, String key, Integer id) {
    if (id != null) {
      tree.put(key, id);
    }
  }

  private static void write(Path directory, String name, ObjectNode tree) throws IOException {
    AtomicFile.writeString(directory.resolve(name), JSON.writeValueAsString(tree) + "\n");
  }

  /** A symbolic link, or where a system has none for everybody another name of the file. */
  private static void link(Path file, Path place) throws IOException {
    try {
      Files.createSymbolicLink(place, file);
    } catch (IOException | UnsupportedOperationException e) {
      Files.createLink(place, file);
    }
  }
}
