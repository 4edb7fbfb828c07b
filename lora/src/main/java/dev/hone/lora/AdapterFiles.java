package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The adapter directory of PEFT: {@code adapter_config.json} and {@code adapter_model.safetensors}. Tensor names are
 * {@code base_model.model.} and the path of the layer, then {@code lora_A.weight} or {@code lora_B.weight}; modules that were
 * trained whole are there under their own names. {@code labels.json}, which PEFT ignores, holds what the classes are
 * called.
 */
public final class AdapterFiles {
  /** The name of the configuration. */
  public static final String CONFIG = "adapter_config.json";
  /** The name of the tensors. */
  public static final String WEIGHTS = "adapter_model.safetensors";
  /** The name of the classes' names. */
  public static final String LABELS = "labels.json";

  private static final String PREFIX = "base_model.model.";
  private static final int SHOWN = 3;
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private AdapterFiles() {}

  /**
   * Writes the directory.
   *
   * @param base what the configuration calls the base model: a name or a path
   */
  public static void save(LoraAdapter adapter, Path directory, String base) throws IOException {
    Files.createDirectories(directory);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    new TreeMap<>(adapter.parameters()).forEach((name, parameter) ->
        writer.add(PREFIX + name, parameter.value(), DType.F32));
    writer.write(directory.resolve(WEIGHTS));
    AtomicFile.writeString(directory.resolve(CONFIG), JSON.writeValueAsString(configOf(adapter, base)) + "\n");
    Labels labels = adapter.model().labels();
    if (labels != null) {
      AtomicFile.writeString(directory.resolve(LABELS), JSON.writeValueAsString(labelsOf(labels)) + "\n");
    }
  }

  private static ObjectNode configOf(LoraAdapter adapter, String base) {
    LoraConfig config = adapter.config();
    ObjectNode tree = JSON.createObjectNode();
    tree.put("base_model_name_or_path", base);
    tree.put("bias", "none");
    tree.put("fan_in_fan_out", adapter.fanInFanOut());
    tree.put("inference_mode", true);
    tree.put("init_lora_weights", true);
    tree.put("lora_alpha", config.alpha());
    if (config.alpha() == Math.rint(config.alpha())) {
      tree.put("lora_alpha", (long) config.alpha());
    }
    tree.put("lora_dropout", (double) Float.parseFloat(Float.toString(config.dropout())));
    tree.put("peft_type", "LORA");
    tree.put("r", config.r());
    ArrayNode modules = tree.putArray("modules_to_save");
    config.modulesToSave().forEach(modules::add);
    if (config.modulesToSave().isEmpty()) {
      tree.putNull("modules_to_save");
    }
    ArrayNode targets = tree.putArray("target_modules");
    adapter.targetNames().forEach(targets::add);
    tree.put("task_type", switch (adapter.model().task()) {
      case SEQUENCE_CLASSIFICATION -> "SEQ_CLS";
      case CAUSAL_LM -> "CAUSAL_LM";
      case EMBEDDING -> "FEATURE_EXTRACTION";
    });
    tree.put("use_dora", false);
    tree.put("use_rslora", false);
    return tree;
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
    JsonNode tree = json(file);
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

  /** What the configuration calls the base model, or null. */
  public static String baseModel(Path directory) {
    JsonNode name = json(configFile(directory)).path("base_model_name_or_path");
    return name.isString() ? name.stringValue() : null;
  }

  /**
   * Puts a stored adapter into its base model. Every tensor of the file must find its place and every place its tensor.
   *
   * @param model loaded with as many labels as the adapter's head has
   */
  public static LoraAdapter load(Path directory, PretrainedModel model) {
    Path file = configFile(directory);
    LoraConfig config = readConfig(file, json(file));
    Safetensors tensors = open(directory);
    LoraAdapter adapter;
    try {
      adapter = LoraAdapter.attach(model, config, 0);
    } catch (AdapterException e) {
      throw new AdapterException(directory + " does not fit the base model: " + e.getMessage(), e);
    }
    Map<String, Parameter> places = adapter.parameters();
    Set<String> left = new LinkedHashSet<>(tensors.names());
    List<String> faults = new ArrayList<>();
    places.forEach((name, parameter) -> {
      String key = PREFIX + name;
      if (!left.remove(key)) {
        faults.add(key + " is missing");
      } else if (!tensors.shape(key).equals(parameter.shape())) {
        faults.add(key + " is " + tensors.shape(key) + ", the base model makes it " + parameter.shape());
      }
    });
    left.forEach(key -> faults.add(key + " has no place in the base model"));
    if (!faults.isEmpty()) {
      adapter.detach();
      throw new AdapterException(directory + " does not fit the base model (" + model.config().modelType() + ", hidden size "
          + model.config().hiddenSize() + ", " + model.config().layers() + " layers): "
          + String.join("; ", faults.subList(0, Math.min(SHOWN, faults.size())))
          + (faults.size() > SHOWN ? "; and " + (faults.size() - SHOWN) + " more" : ""));
    }
    places.forEach((name, parameter) -> {
      Tensor value = tensors.tensor(PREFIX + name);
      parameter.setValue(Tensor.of(value.toFloatArray(), value.shape().toArray()));
    });
    return adapter;
  }

  private static LoraConfig readConfig(Path file, JsonNode tree) {
    String type = tree.path("peft_type").asString("");
    if (!type.equals("LORA")) {
      throw new AdapterException(file + ": peft_type is '" + type + "'; known: LORA");
    }
    refuseUnknown(file, tree);
    if (!tree.path("r").isInt()) {
      throw new AdapterException(file + ": 'r' must be a whole number, is " + tree.path("r"));
    }
    return new LoraConfig(tree.path("r").intValue(), tree.path("lora_alpha").asDouble(8),
        (float) tree.path("lora_dropout").asDouble(0), texts(tree.path("target_modules")), texts(tree.path("modules_to_save")));
  }

  /** Settings that change what the adapter computes and that this version does not know must not be passed over. */
  private static void refuseUnknown(Path file, JsonNode tree) {
    for (String key : List.of("use_dora", "use_rslora", "lora_bias", "use_qalora", "use_bdlora", "rank_pattern",
        "alpha_pattern", "layers_to_transform", "exclude_modules", "layer_replication", "target_parameters",
        "trainable_token_indices", "alora_invocation_tokens")) {
      JsonNode value = tree.path(key);
      boolean set = value.isBoolean() ? value.booleanValue() : !value.isMissingNode() && !value.isNull()
          && !(value.isContainer() && value.isEmpty());
      if (set) {
        throw new AdapterException(file + ": '" + key + "' is " + value + ", which is not supported");
      }
    }
    String bias = tree.path("bias").asString("none");
    if (!bias.equals("none")) {
      throw new AdapterException(file + ": 'bias' is '" + bias + "'; supported: none");
    }
  }

  private static List<String> texts(JsonNode node) {
    List<String> list = new ArrayList<>();
    if (node.isArray()) {
      node.forEach(item -> list.add(item.asString()));
    } else if (node.isString()) {
      list.add(node.stringValue());
    }
    return list;
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

  private static JsonNode json(Path file) {
    try {
      return JSON.readTree(Files.readString(file));
    } catch (IOException | JacksonException e) {
      throw new AdapterException(file + ": cannot be read as JSON: " + e.getMessage().lines().findFirst().orElse(""), e);
    }
  }

  /** Whether a directory holds an adapter. */
  public static boolean isAdapter(Path directory) {
    return Files.isRegularFile(directory.resolve(CONFIG));
  }
}
