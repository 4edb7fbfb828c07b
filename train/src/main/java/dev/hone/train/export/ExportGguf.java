package dev.hone.train.export;

import dev.hone.core.io.TensorFileException;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.gguf.GgufModel;
import dev.hone.nn.gguf.GgufType;
import dev.hone.nn.gguf.GgufWriter;
import dev.hone.nn.load.ModelException;
import dev.hone.train.gguf.GgufTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder as one {@code .gguf} file with its tokenizer and chat template, for llama.cpp and what is built on it. An adapter is
 * merged first.
 */
public final class ExportGguf {
  private ExportGguf() {}

  /**
   * What was written.
   *
   * @param rounding the largest difference of a weight, as a share of the largest magnitude of its block
   * @param warnings what llama.cpp computes otherwise
   */
  public record Result(Path file, double rounding, List<String> warnings) {}

  /**
   * Writes a model, reads the file again and compares every tensor.
   *
   * @param base a directory of Hugging Face
   * @param adapter its directory, or null
   * @param file what to write, such as {@code model.gguf}
   * @param type of the matrices; vectors stay in 32 bits; null keeps what a file of llama.cpp has
   * @param name what the file calls the model
   * @throws ModelException if llama.cpp does not have the family, its tokenizer's rule or its positions
   * @throws TensorFileException if the file, read again, is not the model; it is deleted then
   */
  public static Result write(Path base, Path adapter, Path file, GgufType type, String name) throws IOException {
    PretrainedModel model = adapter == null ? PretrainedModel.load(base, Task.CAUSAL_LM) : AdapterFiles.base(adapter, base, null);
    if (adapter != null) {
      AdapterFiles.load(adapter, model).merge();
    }
    GgufModel parts = new GgufModel(model);
    GgufWriter writer = new GgufWriter();
    boolean stripping = parts.architecture().equals("phi3"); // llama.cpp knows it by the model's name
    parts.metadata(stripping && !name.matches(".*phi-?3.*") ? "phi-3 " + name : name, type).forEach(writer::put);
    GgufTokenizer tokenizer = new GgufTokenizer(base, model.config().vocabSize(), stripping);
    tokenizer.metadata().forEach(writer::put);
    List<String> warnings = new ArrayList<>(parts.warnings());
    warnings.addAll(tokenizer.warnings());
    parts.tensors(writer, type);
    writer.write(file);
    try {
      return new Result(file, parts.check(file), warnings);
    } catch (TensorFileException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }
}
