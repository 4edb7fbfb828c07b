package dev.hone.core.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The weights in a model directory as Hugging Face lays it out: one file, or shards with an index. */
public final class WeightFiles {
  /** The file of a model that is not sharded. */
  public static final String SINGLE = "model.safetensors";
  /** The file that says which shard has which tensor. */
  public static final String INDEX = "model.safetensors.index.json";

  private WeightFiles() {}

  /**
   * Opens {@code model.safetensors}, or where there is none the shards of {@code model.safetensors.index.json}.
   *
   * @throws TensorFileException if the directory has neither, or a file breaks a rule of its format
   */
  public static TensorSource open(Path directory) throws IOException {
    return open(directory, Arena.ofAuto());
  }

  /**
   * Opens a directory's weights in an arena, whose end unmaps the files: tensors used afterwards throw.
   *
   * @throws TensorFileException if the directory has neither, or a file breaks a rule of its format
   */
  public static TensorSource open(Path directory, Arena arena) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new TensorFileException(directory + (Files.exists(directory) ? ": not a directory" : ": no such directory"));
    }
    if (Files.exists(directory.resolve(SINGLE))) {
      return Safetensors.open(directory.resolve(SINGLE), arena);
    }
    if (Files.exists(directory.resolve(INDEX))) {
      return ShardedSafetensors.open(directory.resolve(INDEX), arena);
    }
    throw none(directory);
  }

  private static TensorFileException none(Path directory) throws IOException {
    List<String> others;
    try (Stream<Path> files = Files.list(directory)) {
      others = files.map(file -> file.getFileName().toString()).filter(WeightFiles::isOtherFormat).sorted().toList();
    }
    String missing = directory + ": no weights: neither " + SINGLE + " nor " + INDEX;
    if (others.isEmpty()) {
      return new TensorFileException(missing);
    }
    return new TensorFileException(missing + ", only " + others.getFirst() + "; convert it to safetensors, for example with "
        + "transformers: AutoModel.from_pretrained(dir).save_pretrained(dir)");
  }

  private static boolean isOtherFormat(String name) {
    return name.endsWith(".bin") || name.endsWith(".h5") || name.endsWith(".gguf") || name.endsWith(".pt")
        || name.endsWith(".pth") || name.endsWith(".onnx") || name.endsWith(".msgpack");
  }
}
