package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.AtomicFile;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.load.ModelLoader;
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
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
  private static final Pattern HEAD = Pattern.compile("(^|\\.)(classifier|classifier\\.out_proj|score)\\.weight$");
  private static final int SHOWN = 3;
  private static final int MAX_BELOW = 100;
  private static final int COMPARED = 256; // up to here tensors are made and compared one by one, which says more
  private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private AdapterFiles() {}

  /**
   * Writes the directory. What began as PiSSA or OLoRA is written as an ordinary adapter of twice the rank for the base as it is,
   * which needs no decomposition when it is loaded.
   *
   * @param base what the configuration calls the base model: a name or a path
   */
  public static void save(Adapter adapter, Path directory, String base) throws IOException {
    Files.createDirectories(directory);
    AdaptersBelow.save(adapter.config(), directory);
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
    stored.tensors().forEach((name, value) ->
        writer.add(stored.config().fileName(adapter.model().fileName(name)), value, DType.F32));
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
    ConfigReader json = read(file);
    List<String> names = json.labels();
    String problem = json.text("problem_type", "");
    for (Labels.Kind kind : Labels.Kind.values()) {
      if (kind.problemType().equals(problem) && names != null) {
        return new Labels(names, kind);
      }
    }
    throw json.fault("expected problem_type and id2label");
  }

  /** The number of classes that the stored head has, or -1 if there is none: what the base model is to be loaded with. */
  public static int headSize(Path directory) {
    Safetensors tensors = open(directory);
    for (String name : tensors.names()) {
      if (HEAD.matcher(name).find()) {
        return tensors.shape(name).dim(0);
      }
    }
    return -1;
  }

  /**
   * The base model as an adapter wants it: for the same task, or for the base's own where the adapter names none, and with as
   * many classes. Labels without names are the base's, if it has as many, or else LABEL_0 and so on.
   *
   * @param model the base's directory
   */
  public static PretrainedModel base(Path directory, Path model) {
    return base(directory, model, null);
  }

  /**
   * Loads the base that an adapter is for, with quantised weights.
   *
   * @param quantized NF4, Q8_0, INT8_ROWS or null
   */
  public static PretrainedModel base(Path directory, Path model, DType quantized) {
    return base(directory, model, task(directory, model), quantized);
  }

  /**
   * Loads the base of an adapter for a task. Where the adapter's tables have another number of rows than the base's, as those of
   * a model whose vocabulary was resized, the base gets them.
   *
   * @param quantized NF4, Q8_0, INT8_ROWS or null
   */
  public static PretrainedModel base(Path directory, Path model, Task task, DType quantized) {
    Map<String, Tensor> tables = resizedTables(directory, model);
    PretrainedModel base = new ModelLoader(model).task(task)
        .labels(task.hasLabels() ? labels(directory, model) : null).quantize(quantized).tables(tables)
        .layers(config(directory) instanceof LoraConfig lora ? lora.base().layers().stream()
            .flatMap(part -> IntStream.range(part.from(), part.to()).boxed()).toList() : List.of()).load();
    Tie tie = tables.isEmpty() ? null : Tie.of(base);
    if (tie != null && tie.isCut(config(directory))
        && !open(directory).contains("base_model.model." + tie.headPath() + ".weight")) {
      throw new AdapterException(directory + ": the vocabulary was resized to " + base.config().vocabSize() + " tokens, and "
          + tie.tablePath() + " trained apart from the tied " + tie.headPath() + ", whose new rows the adapter does not hold; "
          + "take the resized base that it was trained on");
    }
    return base;
  }

  /** The tables that an adapter has for another number of tokens than its base, by the last words of their layers' names. */
  private static Map<String, Tensor> resizedTables(Path directory, Path model) {
    Safetensors tensors = open(directory);
    Map<String, Tensor> tables = new TreeMap<>();
    for (String name : tensors.names()) {
      if (ModelLoader.isTable(name) && tensors.shape(name).rank() == 2 && tensors.dtype(name).isFloat()) {
        String layer = name.substring(0, name.length() - ".weight".length());
        String own = layer + ".original_module.weight"; // what the base had where all of the table was trained
        tables.put(layer.replaceFirst("^.*\\.", ""), tensors.tensor(tensors.contains(own) ? own : name));
      }
    }
    if (!tables.isEmpty()) {
      int rows = ModelLoader.configOf(model.resolve("config.json")).vocabSize();
      tables.values().removeIf(table -> table.dim(0) == rows);
    }
    return tables;
  }

  private static Labels labels(Path directory, Path model) {
    Labels labels = labels(directory);
    if (labels != null) {
      return labels;
    }
    int size = headSize(directory);
    Labels base = ModelLoader.labelsOf(model);
    if (base != null && (size < 0 || size == base.size())) {
      return base;
    }
    if (size < 0) {
      throw new AdapterException(directory + ": a classifier's adapter without a classification head, and " + model
          + " is no classifier either");
    }
    return new Labels(IntStream.range(0, size).mapToObj(i -> "LABEL_" + i).toList(),
        size == 1 ? Labels.Kind.REGRESSION : Labels.Kind.SINGLE_LABEL);
  }

  /** The method and its settings. */
  public static AdapterConfig config(Path directory) {
    ConfigReader json = read(configFile(directory));
    return AdaptersBelow.read(directory, ConfigJson.read(json), json.integer(ConfigJson.BELOW, 0, 0, MAX_BELOW));
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
    return read(configFile(directory)).text("base_model_name_or_path", null);
  }

  /** What the base was quantised to when the adapter was trained, or null if it was not or Hone did not write the adapter. */
  public static DType quantization(Path directory) {
    String name = open(directory).metadata().get(QUANTIZATION);
    return Arrays.stream(DType.values()).filter(type -> type.isQuantized() && type.torchName().equals(name)).findFirst()
        .orElse(null);
  }

  /** The task that an adapter was trained for, as its configuration says; null if it does not. */
  public static Task task(Path directory) {
    return switch (read(configFile(directory)).text("task_type", "")) {
      case "SEQ_CLS" -> Task.SEQUENCE_CLASSIFICATION;
      case "TOKEN_CLS" -> Task.TOKEN_CLASSIFICATION;
      case "CAUSAL_LM" -> Task.CAUSAL_LM;
      case "FEATURE_EXTRACTION" -> Task.EMBEDDING;
      default -> null;
    };
  }

  /** The task of an adapter on a base: what it was trained for, or else what it has a head for, or else what the base is for. */
  public static Task task(Path directory, Path model) {
    Task task = task(directory);
    return task != null ? task : headSize(directory) > 0 ? Task.SEQUENCE_CLASSIFICATION : ModelLoader.taskOf(model);
  }

  /**
   * Puts a stored adapter into its base model. Every tensor of the file must find its place and every place its tensor.
   *
   * @param model loaded with as many labels as the adapter's head has
   */
  public static Adapter load(Path directory, PretrainedModel model) {
    Safetensors tensors = open(directory);
    AdapterConfig config = config(directory);
    if (model.task().hasLabels() && headSize(directory) > 0) { // PEFT's names of heads, said or not
      config = config.withModulesToSave(
          Stream.concat(config.modulesToSave().stream(), Stream.of("classifier", "score")).toList());
    }
    if (config instanceof LoraConfig lora && lora.init().iterations() > 0) {
      throw new AdapterException(directory.resolve(CONFIG) + ": 'init_lora_weights' is '" + lora.init() + "': what is left of "
          + "the base depends on random numbers that the file does not hold; convert the adapter where it was made (PEFT's "
          + "path_initial_model_for_weight_conversion), or train with pissa");
    }
    Adapter adapter;
    try {
      requireSizes(directory, config, tensors, model);
      adapter = Adapter.attach(model, config, 0, true);
    } catch (AdapterException e) {
      throw new AdapterException(directory + " does not fit the base model: " + e.getMessage(), e);
    }
    try {
      fill(directory, adapter, tensors);
    } catch (AdapterException e) {
      adapter.detach();
      throw e;
    }
    return adapter;
  }

  /**
   * Gives an adapter that is in its model the values of a stored one, which training then goes on from.
   *
   * @param adapter attached with the stored one's {@linkplain #config configuration}
   */
  public static void read(Path directory, Adapter adapter) {
    fill(directory, adapter, open(directory));
  }

  /** Every tensor of the file finds its place and every place its tensor, or nothing changes. */
  private static void fill(Path directory, Adapter adapter, Safetensors tensors) {
    PretrainedModel model = adapter.model();
    Map<String, String> names = StoredNames.of(tensors.names(), adapter.config(), model);
    boolean sameBase = BaseSample.fits(tensors.metadata().get(BaseSample.KEY), model);
    List<String> faults = faults(adapter, tensors, names);
    if (faults.isEmpty() && !sameBase) {
      faults.add("all tensors have their places, but it was trained on a base with other weights (" + baseModel(directory) + ")");
    }
    if (faults.isEmpty()) {
      adapter.parameters().forEach((name, parameter) -> {
        Tensor value = tensors.tensor(names.get(key(adapter, name)));
        parameter.setValue(Tensor.of(value.toFloatArray(), value.shape().toArray()));
      });
      adapter.parts().frozen().forEach((name, parameter) -> {
        String stored = names.get(key(adapter, name));
        if (stored != null) {
          Tensor value = tensors.tensor(stored);
          parameter.setValue(Tensor.of(value.toFloatArray(), value.shape().toArray()));
        }
      });
      adapter.copies().forEach((name, value) -> {
        String stored = names.get(key(adapter, name));
        if (stored != null && !Arrays.equals(tensors.tensor(stored).toFloatArray(), value.toFloatArray())) {
          faults.add(stored + " differs from what it is a copy of, and ensure_weight_tying says that they are the same");
        }
      });
    }
    if (!faults.isEmpty()) {
      throw new AdapterException(directory + " does not fit the base model (" + model.config().modelType() + ", hidden size "
          + model.config().hiddenSize() + ", " + model.config().layers() + " layers, vocabulary " + model.config().vocabSize()
          + "): " + String.join("; ", faults.subList(0, Math.min(SHOWN, faults.size())))
          + (faults.size() > SHOWN ? "; and " + (faults.size() - SHOWN) + " more" : ""));
    }
  }

  /** Fails if the configuration asks for more than the file has, before room is made for it. */
  private static void requireSizes(Path directory, AdapterConfig config, Safetensors tensors, PretrainedModel model) {
    switch (config) {
      case LoraConfig lora -> {
        int largest = Math.max(largest(tensors, "lora_A"), largest(tensors, "lora_embedding_A"));
        Selection selection = Selection.of(model, lora, true, Tie.of(model));
        LoraConfig settled = (LoraConfig) selection.config();
        selection.layers(settled.targets()).keySet().forEach(path ->
            requireSize(directory, "r", settled.rank(model.fileName(path)), largest, "rank"));
      }
      case BottleneckConfig b -> requireSize(directory, "bottleneck_size", b.size(), largest(tensors, "down.weight"), "width");
      case PromptConfig prompt -> requireSize(directory, "num_virtual_tokens", prompt.virtualTokens(),
          largest(tensors, PromptInput.NAME), "number");
      case PrefixConfig prefix -> requireSize(directory, "num_virtual_tokens", prefix.virtualTokens(),
          largest(tensors, PromptInput.NAME), "number");
      case VeraConfig vera -> requireSize(directory, "r", vera.r(), largest(tensors, "vera_lambda_d"), "rank");
      case LohaConfig loha -> {
        Selection selection = Selection.of(model, loha, true, Tie.of(model));
        LohaConfig settled = (LohaConfig) selection.config();
        selection.layers(settled.targets()).keySet().forEach(path ->
            requireSize(directory, "r", settled.rank(model.fileName(path)), largest(tensors, "hada_w1_b"), "rank"));
      }
      case AdaLoraConfig ada -> {
        Selection selection = Selection.of(model, ada, true, Tie.of(model));
        AdaLoraConfig settled = (AdaLoraConfig) selection.config();
        selection.layers(settled.targets()).keySet().forEach(path ->
            requireSize(directory, "init_r", settled.rank(model.fileName(path)), largest(tensors, "lora_A"), "rank"));
      }
      case Ia3Config _, SubsetConfig _, LnTuningConfig _, OftConfig _, TokensConfig _ -> { } // as large as the model makes them
    }
  }

  private static void requireSize(Path directory, String key, int asked, int largest, String what) {
    if (asked > Math.max(largest, COMPARED)) {
      throw new AdapterException(directory.resolve(CONFIG) + ": '" + key + "' makes it " + asked + ", but the largest " + what
          + " in " + WEIGHTS + " is " + largest);
    }
  }

  private static int largest(Safetensors tensors, String part) {
    return tensors.names().stream().filter(name -> name.contains(part) && tensors.shape(name).rank() > 0)
        .mapToInt(name -> tensors.shape(name).dim(0)).max().orElse(0);
  }

  private static String key(Adapter adapter, String name) {
    return adapter.config().fileName(adapter.model().fileName(name));
  }

  private static List<String> faults(Adapter adapter, Safetensors tensors, Map<String, String> names) {
    Set<String> left = new LinkedHashSet<>(names.keySet());
    adapter.copies().keySet().forEach(name -> left.remove(key(adapter, name)));
    List<String> faults = new ArrayList<>();
    adapter.parameters().forEach((name, parameter) -> {
      String key = key(adapter, name);
      if (!left.remove(key)) {
        faults.add(key + " is missing");
      } else if (!tensors.shape(names.get(key)).equals(parameter.shape())) {
        faults.add(key + " is " + tensors.shape(names.get(key)) + ", the base model and " + CONFIG + " make it "
            + parameter.shape() + resized(tensors.shape(names.get(key)), parameter.shape(), adapter.model()));
      }
    });
    Map<String, Parameter> base = new HashMap<>();
    adapter.model().baseParameters().forEach((name, parameter) -> base.put(key(adapter, name), parameter));
    Tie tie = Tie.of(adapter.model());
    if (tie != null) {
      base.put(key(adapter, tie.headPath() + ".weight"), tie.table());
    }
    adapter.parts().frozen().forEach((name, parameter) -> {
      String key = key(adapter, name);
      boolean there = left.remove(key);
      if (!there && adapter.config() instanceof VeraConfig vera && vera.saveProjection()) {
        faults.add(key + " is missing, and save_projection says that it is there");
      } else if (there && !tensors.shape(names.get(key)).equals(parameter.shape())) {
        faults.add(key + " is " + tensors.shape(names.get(key)) + ", the base model and " + CONFIG + " make it "
            + parameter.shape());
      }
    });
    for (String key : left) {
      if (tensors.shape(names.get(key)).size() == 0) {
        continue; // what AdaLoRA cut to nothing
      }
      if (key.contains(".original_module.") || key.contains(".modules_to_save.")) {
        continue; // with bias all PEFT stores biases of a head twice more: the base's, which nothing uses, and a copy
      }
      Parameter own = base.get(key.replace(".base_layer.", "."));
      if (own == null) {
        faults.add(key + " has no place in the base model");
      } else if (!tensors.shape(names.get(key)).equals(own.shape())) {
        faults.add(key + " is " + tensors.shape(names.get(key)) + ", the base model has " + own.shape()
            + resized(tensors.shape(names.get(key)), own.shape(), adapter.model()));
      } else if (!Arrays.equals(tensors.tensor(names.get(key)).toFloatArray(), own.value().toFloatArray())) {
        // PEFT may store tables of the base beside their adapter: harmless if it is the same base
        faults.add(key + " has other values than the base model, and nothing in " + CONFIG + " says that it was trained");
      }
    }
    return faults;
  }

  /** What another number of rows of a table means. */
  private static String resized(Shape stored, Shape base, PretrainedModel model) {
    return stored.rank() == 2 && base.rank() == 2 && stored.dim(1) == base.dim(1) && base.dim(0) == model.config().vocabSize()
        ? " (a resized vocabulary: load the base with AdapterFiles.base, which takes the tables of the adapter, or take the "
            + "resized base)" : "";
  }

  private static ConfigReader read(Path file) {
    return ConfigReader.read(file, AdapterException::new);
  }

  private static Path configFile(Path directory) {
    Path file = directory.resolve(CONFIG);
    if (!Files.isRegularFile(file)) {
      throw new AdapterException(directory + ": no " + CONFIG + "; an adapter directory has " + CONFIG + " and " + WEIGHTS);
    }
    if (MlxAdapter.isMlx(directory)) {
      throw new AdapterException(directory + ": an adapter of MLX; hone adapter convert --adapter " + directory
          + " --output-dir DIR makes it one of PEFT");
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
