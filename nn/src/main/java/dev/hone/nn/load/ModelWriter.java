package dev.hone.nn.load;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.core.kernel.Kernels;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Labels;
import dev.hone.nn.Linear;
import dev.hone.nn.MappedPages;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.family.BitsAndBytes;
import dev.hone.nn.family.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Writes a model as a Hugging Face directory: {@code config.json} and {@code model.safetensors}, in shards if it is large. */
public final class ModelWriter {
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private static final String WEIGHT = ".weight";
  private static final String TEXT = "text_config"; // the text part of a model for pictures and text

  private ModelWriter() {}

  /**
   * Writes the model without adapters. Each file is written beside and renamed; of a mapped model no more than a weight at a time
   * is in memory.
   *
   * @param changed F32 tensors to take the place of weights, by their names; each is made when its turn comes, in a scope that
   *     ends when it is written
   * @param dtype how to store the weights; null keeps frozen ones as they are, quantised ones in the layout of bitsandbytes
   * @param shardBytes above which the weights are cut into several files with an index
   */
  public static void write(PretrainedModel model, Map<String, Supplier<Tensor>> changed, Path directory, DType dtype,
      long shardBytes) throws IOException {
    Files.createDirectories(directory);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    DType wide = dtype != null ? dtype : model.baseParameters().entrySet().stream()
        .map(entry -> changed.containsKey(entry.getKey()) ? DType.F32
            : asStored(model, entry.getKey(), entry.getValue().value()).dtype())
        .filter(type -> !type.isQuantized()).findFirst().orElse(DType.F32);
    Map<String, Linear> linears = linears(model);
    model.baseParameters().forEach((name, parameter) -> {
      Supplier<Tensor> change = changed.get(name);
      Tensor value = dtype == null && change == null ? asStored(model, name, parameter.value()) : parameter.value();
      DType type = dtype != null ? dtype : change != null ? DType.F32 : value.dtype();
      Supplier<Tensor> source = change != null ? change : () -> value;
      String file = model.config().storedName(name, model.task());
      Runnable done = () -> MappedPages.letGo(value);
      if (dtype == null && change == null && value.isQuantized()) {
        BitsAndBytes.write(writer, file, value, wide.torchName());
      } else if (isTurned(model, name, linears.get(name))) {
        writer.add(file, Shape.of(value.dim(1), value.dim(0)), type, () -> turned(source.get()), done);
      } else {
        writer.add(file, value.shape(), type, source, done);
      }
    });
    model.others().forEach((name, value) ->
        writer.add(name, value.shape(), value.dtype(), () -> value, () -> MappedPages.letGo(value)));
    writer.writeModel(directory, shardBytes);
    ObjectNode config = config(model, wide);
    List<String> others = new ArrayList<>();
    linears.forEach((weight, linear) -> {
      if (!linear.weight().value().isQuantized()) {
        others.add(weight.substring(0, weight.length() - WEIGHT.length()));
      }
    });
    BitsAndBytes.configure(config, dtype == null ? model.quantization() : null, others, wide.torchName());
    AtomicFile.writeString(directory.resolve("config.json"), JSON.writeValueAsString(config) + "\n");
  }

  /** The linear layers by the names of their weights. */
  private static Map<String, Linear> linears(PretrainedModel model) {
    Map<String, Linear> linears = new LinkedHashMap<>();
    model.layers().forEach((path, layer) -> {
      if (layer instanceof Linear linear) {
        linears.put(path + WEIGHT, linear);
      }
    });
    return linears;
  }

  /** Whether a weight lies the other way round than its family's files have it: GPT-2's do once they were quantised. */
  private static boolean isTurned(PretrainedModel model, String name, Linear linear) {
    return linear != null && linear.isTransposed() && model.config().storesInputsFirst(name);
  }

  /** A parameter in its file's bits, if it was only held in another type and has not changed. */
  private static Tensor asStored(PretrainedModel model, String name, Tensor value) {
    Tensor stored = model.converted().get(name);
    return stored != null && Weights.sameValues(stored, value) ? stored : value;
  }

  private static Tensor turned(Tensor value) {
    Tensor turned = value.emptyLike(value.dim(1), value.dim(0));
    Kernels.of(value).gather().permute(value.toF32(), new int[] {1, 0}, turned);
    return turned;
  }

  /** The tree of {@code config.json} as it now is: the original with architecture, labels and type brought up to date. */
  private static ObjectNode config(PretrainedModel model, DType stored) {
    ObjectNode tree = model.source();
    tree.putArray("architectures").add(model.config().architecture(model.task()));
    tree.remove("torch_dtype"); // transformers 4 reads dtype as well
    tree.put("dtype", stored.torchName());
    if (model.head() instanceof CausalHead head) {
      tree.put("tie_word_embeddings", head.tied()); // merging an adapter of one of the two ends the tie
      if (tree.get(TEXT) instanceof ObjectNode text) {
        text.put("tie_word_embeddings", head.tied());
      }
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
