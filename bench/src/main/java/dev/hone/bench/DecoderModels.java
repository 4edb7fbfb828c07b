package dev.hone.bench;

import dev.hone.core.DType;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Decoders of the shapes that the reference measures, with random weights, as directories on the disk: a model of {@code B}
 * bytes is then mapped as a real one is.
 *
 * <p>As a program it writes them: {@code --models DIR --only REGEX}. The largest needs 6 GB of heap
 * for that, and 2.5 GB on the disk.
 */
public final class DecoderModels {
  /** The models by the names of {@code bench_generate.py}. */
  static final Map<String, DType> CASES = new LinkedHashMap<>();

  static {
    CASES.put("gpt2-124m/fp32", DType.F32);
    CASES.put("llama-135m/fp32", DType.F32);
    CASES.put("llama-135m/bf16", DType.BF16);
    CASES.put("llama-1b/bf16", DType.BF16);
  }

  private DecoderModels() {}

  private static String config(String name) {
    return switch (name.split("/")[0]) {
      case "gpt2-124m" -> TrainCase.GPT2;
      case "llama-135m" -> TrainCase.LLAMA_135M;
      default -> TrainCase.LLAMA_1B;
    };
  }

  /** The directory of a case, which must have been written. */
  static Path find(Path parent, String name) {
    Path directory = directory(parent, name);
    if (!Files.exists(directory.resolve("config.json"))) {
      throw new IllegalArgumentException(name + " is not in " + parent + "; DecoderModels writes it");
    }
    return directory;
  }

  private static Path directory(Path parent, String name) {
    return parent.resolve(name.replace('/', '-'));
  }

  /** Writes the directories that are missing. */
  public static void main(String[] arguments) throws IOException {
    Map<String, String> flags = TrainBench.flags(arguments);
    Path parent = Path.of(flags.get("--models"));
    for (Map.Entry<String, DType> entry : CASES.entrySet()) {
      boolean asked = entry.getKey().matches(".*(" + flags.getOrDefault("--only", "") + ").*");
      if (asked && !Files.exists(directory(parent, entry.getKey()).resolve("config.json"))) {
        Path shape = Files.writeString(Files.createTempFile("hone-shape", ".json"), config(entry.getKey()));
        PretrainedModel model = ModelLoader.ofConfig(shape).task(Task.CAUSAL_LM).seed(1).load();
        Files.delete(shape);
        model.save(directory(parent, entry.getKey()), entry.getValue());
        System.out.println(entry.getKey() + " written");
      }
    }
  }
}
