package dev.hone.train.export;

import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.TensorFileException;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.gguf.GgufModel;
import dev.hone.nn.gguf.GgufType;
import dev.hone.nn.gguf.GgufWriter;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.gguf.GgufDirectory;
import dev.hone.train.gguf.GgufPooling;
import dev.hone.train.gguf.GgufWordPiece;
import dev.hone.train.infer.Pooling;
import dev.hone.train.infer.TextEmbedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * An embedding model of the BERT kind as one {@code .gguf} file with its tokenizer and pooling, for llama.cpp, Ollama and what is
 * built on them. An adapter is merged first.
 */
public final class ExportGgufEmbedder {
  private ExportGgufEmbedder() {}

  /**
   * What was written.
   *
   * @param rounding the largest difference of a weight, as a share of the largest magnitude of its block
   * @param cosine the smallest between the model's vector of a text and that of the file, read again
   * @param difference the largest of a number of those vectors, made unit length
   * @param warnings what llama.cpp does otherwise
   */
  public record Result(Path file, double rounding, double cosine, double difference, List<String> warnings) {}

  /** Whether a directory is written by this class: it holds a model that makes vectors of texts, and is of a kind that does. */
  public static boolean takes(Path base) {
    Path model = TextEmbedder.transformer(base);
    return !ModelLoader.configOf(model.resolve("config.json")).generates();
  }

  /**
   * Writes a model, and a Modelfile for Ollama beside it, reads the file again and compares every tensor and the vectors.
   *
   * @param base a directory of Hugging Face, with or without the files of sentence-transformers
   * @param adapter its directory, or null
   * @param file what to write, such as {@code model.gguf}
   * @param type of the matrices; vectors and small tables stay in 32 bits; null keeps what a file of llama.cpp has
   * @param name what the file calls the model
   * @throws ModelException if llama.cpp does not have the family, its tokenizer or its pooling, or it has a head of labels
   * @throws TensorFileException if the file, read again, is not the model; it is deleted then
   */
  public static Result write(Path base, Path adapter, Path file, GgufType type, String name) throws IOException {
    Path place = TextEmbedder.transformer(base);
    Task task = adapter == null ? ModelLoader.taskOf(place) : AdapterFiles.task(adapter, place);
    if (task != Task.EMBEDDING) {
      throw new ModelException("GGUF: " + (adapter == null ? base : adapter) + " is for " + task + "; of encoders those that "
          + "make vectors of texts are exported (classifiers and rerankers: hone export onnx)");
    }
    TextEmbedder whole = TextEmbedder.load(base, adapter);
    TextEmbedder embedder = whole.withPrompts(Map.of());
    PretrainedModel model = adapter == null ? PretrainedModel.load(place, Task.EMBEDDING)
        : AdapterFiles.base(adapter, place, Task.EMBEDDING, null);
    Map<String, Supplier<Tensor>> changed = adapter == null ? Map.of() : AdapterFiles.load(adapter, model).merges();
    GgufModel parts = new GgufModel(model, changed);
    List<String> warnings = new ArrayList<>(parts.warnings());
    GgufWriter writer = new GgufWriter();
    parts.metadata(name, type).forEach(writer::put);
    writer.put(GgufPooling.key(), GgufPooling.number(embedder.pooling().modes().stream().map(Pooling.Mode::word).toList()));
    try (TemporaryFolder folder = TemporaryFolder.make()) {
      Path companions = folder.path("tokenizer");
      embedder.tokenizer().save(companions.resolve("tokenizer.json"));
      GgufWordPiece tokenizer = new GgufWordPiece(companions, model.config().vocabSize());
      tokenizer.metadata().forEach(writer::put);
      warnings.addAll(tokenizer.warnings());
      warn(whole, model, warnings);
      parts.tensors(writer, type);
      writer.write(file);
      AtomicFile.writeString(file.resolveSibling(ExportGguf.MODELFILE), "FROM ./" + file.getFileName() + "\nPARAMETER num_ctx "
          + embedder.maxLength() + "\n");
      return read(parts, embedder, file, folder.path("read"), warnings);
    } catch (TensorFileException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /** What a file cannot say of a model. */
  private static void warn(TextEmbedder embedder, PretrainedModel model, List<String> warnings) {
    if (!embedder.prompts().isEmpty()) {
      warnings.add("prompts are not in the file (" + String.join(", ", new TreeSet<>(embedder.prompts().keySet()))
          + "): put their texts before yours" + (embedder.pooling().includePrompt() ? ""
          : "; their tokens do not count here, in llama.cpp they do, so that vectors differ"));
    }
    if (!embedder.pooling().normalize()) {
      warnings.add("vectors are not made unit length here, by most programs on llama.cpp they are (--embd-normalize -1)");
    }
    if (embedder.dimensions() < model.config().hiddenSize()) {
      warnings.add("the first " + embedder.dimensions() + " numbers of a vector are kept here, llama.cpp gives all "
          + model.config().hiddenSize());
    }
    if (embedder.maxLength() < model.maxLength()) {
      warnings.add("texts are cut at " + embedder.maxLength() + " tokens here; llama.cpp takes up to " + model.maxLength()
          + " of them, or what its context (-c) is set to");
    }
  }

  private static Result read(GgufModel parts, TextEmbedder embedder, Path file, Path folder, List<String> warnings)
      throws IOException {
    double rounding = parts.check(file);
    GgufDirectory.write(file, folder);
    TextEmbedder again = TextEmbedder.load(folder);
    double cosine = 1;
    double difference = 0;
    for (String text : GgufAnswers.texts()) {
      if (!Arrays.equals(embedder.encode(List.of(text), null).getFirst(), again.encode(List.of(text), null).getFirst())) {
        warnings.add("the file's tokenizer cuts this text otherwise: " + text.strip());
        continue;
      }
      float[] own = embedder.embed(text);
      float[] other = Arrays.copyOf(again.embed(text), own.length);
      cosine = Math.min(cosine, TextEmbedder.cosine(own, other));
      difference = Math.max(difference, difference(own, other));
    }
    return new Result(file, rounding, cosine, difference, warnings);
  }

  private static double difference(float[] own, float[] other) {
    double a = length(own);
    double b = length(other);
    double largest = 0;
    for (int i = 0; i < own.length; i++) {
      largest = Math.max(largest, Math.abs(own[i] / a - other[i] / b));
    }
    return largest;
  }

  private static double length(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    return Math.max(Math.sqrt(squares), 1e-30);
  }
}
