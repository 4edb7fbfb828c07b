package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The adapter directory of PEFT: {@code adapter_config.json} and {@code adapter_model.safetensors}. Tensor names are
 * {@code base_model.model.}, the path of the layer and what the method calls its tensors, such as {@code lora_A.weight};
 * modules that were trained whole are there under their own names. Methods that PEFT does not have are stored likewise.
 * {@code labels.json}, which PEFT ignores, holds what the classes are called.
 */
public final class AdapterFiles {
  /** The name of the configuration. */
  public static final String CONFIG = "adapter_config.json";
  /** The name of the tensors. */
  public static final String WEIGHTS = "adapter_model.safetensors";
  /** The name of the classes' names. */
  public static final String LABELS = "labels.json";

  private static final String QUANTIZATION = "hone.quantization";
  private static final int SHOWN = 3;
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private AdapterFiles() {}

  /**
   * Writes the directory. What began as PiSSA is written as an ordinary adapter of twice the rank for the base as it is,
   * which needs no decomposition when it is loaded.
   *
   * @param base what the configuration calls the base model: a name or a path
   */
  public static void save(Adapter adapter, Path directory, String base) throws IOException {
    Files.createDirectories(directory);
    Stored stored = Stored.of(adapter);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    String sample = BaseSample.write(adapter);
    if (sample != null) {
      writer.metadata(BaseSample.KEY, sample);
    }
    DType quantized = adapter.model().quantization();
    if (quantized != null) {
      writer.metadata(QUANTIZATION, quantized.torchName());
    }
    stored.tensors().forEach((name, value) -> writer.add(stored.config().fileName(name), value, DType.F32));
    writer.write(directory.resolve(WEIGHTS));
    AtomicFile.writeString(directory.resolve(CONFIG),
        JSON.writeValueAsString(ConfigJson.write(stored.config(), adapter, base)) + "\n");
    Labels labels = adapter.model().labels();
    if (labels != null) {
      AtomicFile.writeString(directory.resolve(LABELS), JSON.writeValueAsString(labelsOf(labels)) + "\n");
    }
  }

  private static ObjectNode labelsOf(Labels labels) {
    ObjectNode tree = JSON.createObjectNode();
    tree.put("problem_type", labels.kind().problemType());
    ObjectNode names = tree.putObject("id2label");
    for (int i = 0; i < labels.size(); i++) {
      names.put(Integer.toString(i), labels.names().get(i));
    }
    return tree;
  }

  /** The names of the classes that an adapter directory was trained for, or null if it does not say. */
  public static Labels labels(Path directory) {
    Path file = directory.resolve(LABELS);
    if (!Files.exists(file)) {
      return null;
    }
    JsonNode tree = JsonFields.read(file).tree();
    JsonNode names = tree.path("id2label");
    List<String> list = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      JsonNode name = names.get(Integer.toString(i));
      if (name == null) {
        throw new AdapterException(file + ": 'id2label' must have the keys 0 to " + (names.size() - 1));
      }
      list.add(name.asString());
    }
    String problem = tree.path("problem_type").asString("");
    for (Labels.Kind kind : Labels.Kind.values()) {
      if (kind.problemType().equals(problem) && !list.isEmpty()) {
        return new Labels(list, kind);
      }
    }
    throw new AdapterException(file + ": expected problem_type and id2label");
  }

  /** The number of classes that the stored head has, or -1 if there is none: what the base model is to be loaded with. */
  public static int headSize(Path directory) {
    Safetensors tensors = open(directory);
    for (String name : tensors.names()) {
      if (name.endsWith("classifier.weight") || name.endsWith("classifier.out_proj.weight") || name.endsWith("score.weight")) {
        return tensors.shape(name).dim(0);
      }
    }
    return -1;
  }

  /**
   * The base model as an adapter wants it: for the same task, and with as many classes. Labels without names are LABEL_0 and
   * so on.
   *
   * @param model the base's directory
   */
  public static PretrainedModel base(Path directory, Path model) {
    return base(directory, model, null);
  }

  /**
   * The same with quantised weights.
   *
   * @param quantized NF4, Q8_0, INT8_ROWS or null
   */
  public static PretrainedModel base(Path directory, Path model, DType quantized) {
    Task task = task(directory);
    int size = headSize(directory);
    if (task == Task.SEQUENCE_CLASSIFICATION || task == null && size > 0) {
      Labels labels = labels(directory);
      if (labels == null && size < 1) {
        throw new AdapterException(directory + ": a classifier's adapter without a classification head");
      }
      return PretrainedModel.load(model, labels != null ? labels
          : new Labels(IntStream.range(0, size).mapToObj(i -> "LABEL_" + i).toList(),
              size == 1 ? Labels.Kind.REGRESSION : Labels.Kind.SINGLE_LABEL), 0, quantized);
    }
    return PretrainedModel.load(model, task == null ? Task.CAUSAL_LM : task, quantized);
  }

  /** The method and its settings. */
  public static AdapterConfig config(Path directory) {
    return ConfigJson.read(JsonFields.read(configFile(directory)));
  }

  /** The tensors that a directory holds: how many numbers each has, by name. */
  public static Map<String, Long> sizes(Path directory) {
    Safetensors tensors = open(directory);
    Map<String, Long> sizes = new TreeMap<>();
    tensors.names().forEach(name -> sizes.put(name, tensors.shape(name).size()));
    return sizes;
  }

  /** What the configuration calls the base model, or null. */
  public static String baseModel(Path directory) {
    return JsonFields.read(configFile(directory)).text("base_model_name_or_path", null);
  }

  /** What the base was quantised to when the adapter was trained, or null if it was not or Hone did not write the adapter. */
  public static DType quantization(Path directory) {
    String name = open(directory).metadata().get(QUANTIZATION);
    return Arrays.stream(DType.values()).filter(type -> type.isQuantized() && type.torchName().equals(name)).findFirst()
        .orElse(null);
  }

  /** The task that an adapter was trained for, as its configuration says; null if it does not. */
  public static Task task(Path directory) {
    return switch (JsonFields.read(configFile(directory)).text("task_type", "")) {
      case "SEQ_CLS" -> Task.SEQUENCE_CLASSIFICATION;
      case "CAUSAL_LM" -> Task.CAUSAL_LM;
      case "FEATURE_EXTRACTION" -> Task.EMBEDDING;
      default -> null;
    };
  }

  /**
   * Puts a stored adapter into its base model. Every tensor of the file must find its place and every place its tensor.
   *
   * @param model loaded with as many labels as the adapter's head has
   */
  public static Adapter load(Path directory, PretrainedModel model) {
    AdapterConfig config = config(directory);
    Safetensors tensors = open(directory);
    boolean sameBase = BaseSample.fits(tensors.metadata().get(BaseSample.KEY), model);
    Adapter adapter;
    try {
      adapter = Adapter.attach(model, config, 0, false);
    } catch (AdapterException e) {
      throw new AdapterException(directory + " does not fit the base model: " + e.getMessage(), e);
    }
    List<String> faults = faults(adapter, tensors);
    if (faults.isEmpty() && !sameBase) {
      faults.add("all tensors have their places, but it was trained on a base with other weights (" + baseModel(directory) + ")");
    }
    if (!faults.isEmpty()) {
      adapter.detach();
      throw new AdapterException(directory + " does not fit the base model (" + model.config().modelType() + ", hidden size "
          + model.config().hiddenSize() + ", " + model.config().layers() + " layers, vocabulary " + model.config().vocabSize()
          + "): " + String.join("; ", faults.subList(0, Math.min(SHOWN, faults.size())))
          + (faults.size() > SHOWN ? "; and " + (faults.size() - SHOWN) + " more" : ""));
    }
    adapter.parameters().forEach((name, parameter) -> {
      Tensor value = tensors.tensor(config.fileName(name));
      parameter.setValue(Tensor.of(value.toFloatArray(), value.shape().toArray()));
    });
    return adapter;
  }

  private static List<String> faults(Adapter adapter, Safetensors tensors) {
    Set<String> left = new LinkedHashSet<>(tensors.names());
    List<String> faults = new ArrayList<>();
    adapter.parameters().forEach((name, parameter) -> {
      String key = adapter.config().fileName(name);
      if (!left.remove(key)) {
        faults.add(key + " is missing");
      } else if (!tensors.shape(key).equals(parameter.shape())) {
        faults.add(key + " is " + tensors.shape(key) + ", the base model and " + CONFIG + " make it " + parameter.shape());
      }
    });
    Map<String, Parameter> base = new HashMap<>();
    adapter.model().baseParameters().forEach((name, parameter) -> base.put(adapter.config().fileName(name), parameter));
    for (String key : left) {
      if (key.contains(".original_module.") || key.contains(".modules_to_save.")) {
        continue; // with bias all PEFT stores biases of a head twice more: the base's, which nothing uses, and a copy
      }
      Parameter own = base.get(key.replace(".base_layer.", "."));
      if (own == null) {
        faults.add(key + " has no place in the base model");
      } else if (!tensors.shape(key).equals(own.shape())) {
        faults.add(key + " is " + tensors.shape(key) + ", the base model has " + own.shape());
      } else if (!Arrays.equals(tensors.tensor(key).toFloatArray(), own.value().toFloatArray())) {
        // PEFT may store tables of the base beside their adapter: harmless if it is the same base
        faults.add(key + " has other values than the base model, and is not trained by this adapter");
      }
    }
    return faults;
  }

  private static Path configFile(Path directory) {
    Path file = directory.resolve(CONFIG);
    if (!Files.isRegularFile(file)) {
      throw new AdapterException(directory + ": no " + CONFIG + "; an adapter directory has " + CONFIG + " and " + WEIGHTS);
    }
    return file;
  }

  private static Safetensors open(Path directory) {
    Path file = directory.resolve(WEIGHTS);
    if (!Files.isRegularFile(file)) {
      throw new AdapterException(directory + ": no " + WEIGHTS
          + (Files.exists(directory.resolve("adapter_model.bin")) ? ", only adapter_model.bin; save it as safetensors" : ""));
    }
    try {
      return Safetensors.open(file);
    } catch (IOException e) {
      throw new AdapterException(e.getMessage(), e);
    }
  }

  /** Whether a directory holds an adapter. */
  public static boolean isAdapter(Path directory) {
    return Files.isRegularFile(directory.resolve(CONFIG));
  }
}
