package dev.hone.nn.load;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.decoder.CausalHead;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Writes a model as a Hugging Face directory: {@code config.json} and {@code model.safetensors}, in shards if it is large. */
public final class ModelWriter {
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private ModelWriter() {}

  /**
   * Writes the model without adapters. Each file is written beside and renamed.
   *
   * @param dtype how to store the weights; null keeps frozen ones as they are
   * @param shardBytes above which the weights are cut into several files with an index
   */
  public static void write(PretrainedModel model, Path directory, DType dtype, long shardBytes) throws IOException {
    Files.createDirectories(directory);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    boolean embedding = model.task() == Task.EMBEDDING;
    DType[] stored = {null};
    model.baseParameters().forEach((name, parameter) -> {
      Tensor value = parameter.value();
      DType type = dtype == null ? value.dtype() : dtype;
      stored[0] = stored[0] == null ? type : stored[0];
      writer.add(embedding ? ModelLoader.bareName(model.config(), name) : name, value, type);
    });
    writer.writeModel(directory, shardBytes);
    AtomicFile.writeString(directory.resolve("config.json"), JSON.writeValueAsString(config(model, stored[0])) + "\n");
  }

  /** The tree of {@code config.json} as it now is: the original with architecture, labels and type brought up to date. */
  private static ObjectNode config(PretrainedModel model, DType stored) {
    ObjectNode tree = model.source();
    tree.putArray("architectures").add(ModelLoader.architecture(model));
    tree.remove("torch_dtype"); // transformers 4 reads dtype as well
    if (stored != null) {
      tree.put("dtype", stored.torchName());
    }
    if (model.head() instanceof CausalHead head) {
      tree.put("tie_word_embeddings", head.tied()); // merging an adapter of one of the two ends the tie
    }
    Labels labels = model.labels();
    if (labels != null) {
      ObjectNode id2label = tree.putObject("id2label");
      ObjectNode label2id = tree.putObject("label2id");
      for (int i = 0; i < labels.size(); i++) {
        id2label.put(Integer.toString(i), labels.names().get(i));
        label2id.put(labels.names().get(i), i);
      }
      tree.remove("num_labels");
      tree.put("problem_type", labels.kind().problemType());
    }
    return tree;
  }
}
