package dev.hone.train.export;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.TensorFileException;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.gguf.GgufModel;
import dev.hone.nn.gguf.GgufType;
import dev.hone.nn.gguf.GgufWriter;
import dev.hone.train.gguf.GgufDirectory;
import dev.hone.train.gguf.GgufTokenizer;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * A decoder as one {@code .gguf} file with its tokenizer and chat template, for llama.cpp and what is built on it. An adapter is
 * merged first.
 */
public final class ExportGguf {
  /** What Ollama reads beside a file, in its directory. */
  public static final String MODELFILE = "Modelfile";

  private ExportGguf() {}

  /**
   * What was written.
   *
   * @param rounding the largest difference of a weight, as a share of the largest magnitude of its block
   * @param logProbability the largest difference of the log probability of one of 64 random tokens, the file read again
   * @param perplexity of the model over those tokens
   * @param perplexityRead that of the file
   * @param warnings what llama.cpp computes otherwise
   */
  public record Result(Path file, double rounding, double logProbability, double perplexity, double perplexityRead,
      List<String> warnings) {}

  /**
   * Writes a LoRA by itself, for the option {@code --lora} of llama.cpp or {@code ADAPTER} of Ollama.
   *
   * @param base what it was trained on: a directory of Hugging Face
   * @param adapter its directory
   * @param file what to write
   * @param name what the file calls the adapter
   * @throws ModelException if it holds more than pairs of A and B, or pairs that llama.cpp has no place for
   */
  public static void writeLora(Path base, Path adapter, Path file, String name) throws IOException {
    PretrainedModel model = AdapterFiles.base(adapter, base, null);
    Adapter loaded = AdapterFiles.load(adapter, model);
    LoraConfig config = onlyPairs(adapter, loaded.config());
    GgufModel parts = new GgufModel(model);
    double alpha = config.rslora() ? config.alpha() * Math.sqrt(config.r()) : config.alpha();
    GgufWriter writer = new GgufWriter();
    parts.loraMetadata(name, (float) alpha).forEach(writer::put);
    Map<String, Parameter> parameters = new TreeMap<>(loaded.parameters());
    for (String path : new TreeSet<>(loaded.targets())) {
      boolean table = parameters.containsKey(path + ".lora_embedding_A");
      Tensor a = parameters.get(path + (table ? ".lora_embedding_A" : ".lora_A.weight")).value();
      Tensor b = parameters.get(path + (table ? ".lora_embedding_B" : ".lora_B.weight")).value();
      double own = (config.rslora() ? config.scale(path) * Math.sqrt(config.rank(path)) * Math.sqrt(config.rank(path))
          : (double) config.scale(path) * config.rank(path)) / alpha;
      parts.lora(writer, path, a, b, Math.abs(own - 1) < 1e-6 ? 1 : (float) own);
    }
    writer.write(file);
  }

  private static LoraConfig onlyPairs(Path adapter, AdapterConfig config) {
    String what = !(config instanceof LoraConfig lora) ? "it is of the kind " + config.peftType()
        : lora.dora() ? "it has magnitudes (use_dora)"
        : lora.loraBias() || lora.bias() != LoraConfig.Bias.NONE ? "it has biases"
        : !lora.modulesToSave().isEmpty() ? "it holds modules whole (modules_to_save " + lora.modulesToSave() + ")"
        : lora.init().takesFromBase() ? "it was trained on a base that " + lora.init() + " changed"
        : !lora.invocationTokens().isEmpty() ? "it acts behind some tokens only (alora_invocation_tokens)"
        : !lora.base().layers().isEmpty() ? "its base has other layers (layer_replication)"
        : !lora.base().below().isEmpty() ? "it stands on other adapters"
        : !lora.trainableTokens().isEmpty() ? "it holds rows of tokens" : null;
    if (what != null) {
      throw new ModelException(adapter + ": a GGUF file holds the pairs A and B of a LoRA alone, and " + what
          + "; merge it into the model (hone export gguf without --lora)");
    }
    return (LoraConfig) config;
  }

  /**
   * Writes a model, and a Modelfile for Ollama beside it, reads the file again and compares every tensor and the answers.
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
    Map<String, Supplier<Tensor>> changed = adapter == null ? Map.of() : AdapterFiles.load(adapter, model).merges();
    try (TemporaryFolder folder = TemporaryFolder.make()) {
      Path companions = adapter == null ? base : companions(base, adapter, folder.path("tokenizer"));
      return write(model, changed, companions, folder.path("read"), file, type, name);
    }
  }

  /** The tokenizer and template of a tuned model: those of the adapter where it has some, else those of its base. */
  private static Path companions(Path base, Path adapter, Path directory) throws IOException {
    Files.copy(base.resolve("config.json"), directory.resolve("config.json"));
    Tuning.copyTokenizer(base, directory);
    Tuning.copyOwn(adapter, directory);
    return directory;
  }

  private static Result write(PretrainedModel model, Map<String, Supplier<Tensor>> changed, Path companions, Path read, Path file,
      GgufType type, String name) throws IOException {
    GgufModel parts = new GgufModel(model, changed);
    GgufWriter writer = new GgufWriter();
    boolean stripping = parts.architecture().equals("phi3"); // llama.cpp knows it by the model's name
    parts.metadata(stripping && !name.matches(".*phi-?3.*") ? "phi-3 " + name : name, type).forEach(writer::put);
    GgufTokenizer tokenizer = new GgufTokenizer(companions, model.config().vocabSize(), stripping);
    Map<String, Object> metadata = tokenizer.metadata();
    metadata.forEach(writer::put);
    List<String> warnings = new ArrayList<>(parts.warnings());
    warnings.addAll(tokenizer.warnings());
    parts.tensors(writer, type);
    writer.write(file);
    List<?> tokens = (List<?>) metadata.get("tokenizer.ggml.tokens");
    OllamaModelfile modelfile = new OllamaModelfile(companions, metadata.get("tokenizer.ggml.add_bos_token").equals(true),
        id -> id < tokens.size() ? (String) tokens.get(id) : "", model.maxLength());
    AtomicFile.writeString(file.resolveSibling(MODELFILE), modelfile.text(file.getFileName().toString(), null, warnings));
    try {
      double rounding = parts.check(file);
      GgufDirectory.write(file, read);
      GgufAnswers answers = GgufAnswers.of(model, companions, read);
      answers.unlike().forEach(text -> warnings.add("the file's tokenizer cuts this text otherwise: " + text.strip()));
      return new Result(file, rounding, answers.largest(), answers.perplexity(), answers.perplexityRead(), warnings);
    } catch (TensorFileException e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }
}
