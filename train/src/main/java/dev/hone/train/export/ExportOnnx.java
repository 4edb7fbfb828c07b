package dev.hone.train.export;

import dev.hone.core.io.TensorFileException;
import dev.hone.lora.AdapterFiles;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.nn.onnx.OnnxExport;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * An encoder as {@code model.onnx} with its tokenizer beside it: what ONNX Runtime, LangChain4j's in-process models and Spring AI
 * load. An adapter is merged first. Vectors come out before pooling, as {@code last_hidden_state}; classifiers give
 * {@code logits}.
 *
 * {@snippet :
 * ExportOnnx.Result result = ExportOnnx.write(base, adapter, Path.of("onnx"), false, "my-application 1.0");
 * }
 */
public final class ExportOnnx {
  /** The name of the model in its directory. */
  public static final String FILE = "model.onnx";
  private static final List<String> SENTENCE_FILES = List.of("modules.json", "config_sentence_transformers.json",
      "sentence_bert_config.json", "1_Pooling/config.json");

  private ExportOnnx() {}

  /**
   * What was written.
   *
   * @param task of the model: embedding or classification
   * @param difference of the file's answers from the model's, as a share of the largest
   */
  public record Result(Path file, Task task, double difference) {}

  /**
   * Writes a model.
   *
   * @param base a directory of Hugging Face, with or without the files of sentence-transformers
   * @param adapter its directory, or null
   * @param directory where {@link #FILE} and the tokenizer go; made if absent
   * @param quantized whether matrices are held in 8 bits, a scale a row; answers then differ, and the result says by how much
   * @param version what the file names as its producer
   * @throws ModelException if the model has no such graph: decoders, and encoders that are not of the BERT kind
   * @throws TensorFileException if the file, read again, does not answer as the model does
   */
  public static Result write(Path base, Path adapter, Path directory, boolean quantized, String version) throws IOException {
    PretrainedModel model = adapter == null ? new ModelLoader(base).load() : AdapterFiles.base(adapter, base, null);
    if (adapter != null) {
      AdapterFiles.load(adapter, model).merge();
    }
    Files.createDirectories(directory);
    double difference = OnnxExport.write(model, directory.resolve(FILE), quantized, version);
    Tuning.copyTokenizer(base, directory);
    Path config = base.resolve("config.json");
    Files.copy(config, directory.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
    for (String name : SENTENCE_FILES) {
      if (model.task() == Task.EMBEDDING && Files.isRegularFile(base.resolve(name))) {
        Files.createDirectories(directory.resolve(name).getParent());
        Files.copy(base.resolve(name), directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return new Result(directory.resolve(FILE), model.task(), difference);
  }
}
