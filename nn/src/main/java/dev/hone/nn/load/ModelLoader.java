package dev.hone.nn.load;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.io.TensorFileException;
import dev.hone.core.io.TensorSource;
import dev.hone.core.io.WeightFiles;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.family.BitsAndBytes;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.FamilyConfig;
import dev.hone.nn.family.Weights;
import dev.hone.nn.gguf.GgufWeights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ObjectNode;

/** Reads a Hugging Face directory: the configuration picks the family ({@link ModelFamily}), which asks for its weights. */
public final class ModelLoader {
  private static final String VOCABULARY = "vocab_size";
  private static final int MAX_LABELS = 100_000; // that a number alone may ask for

  private final Path directory;
  private final Path configFile;
  private Task task;
  private Labels labels;
  private long seed;
  private boolean untrained;
  private boolean closable;
  private DType quantized;
  private int vocabulary; // rows of the tables; 0 leaves them
  private Map<String, Tensor> tables = Map.of(); // in place of the file's, by the name of the layer
  private List<Integer> layers = List.of();

  /** A loader for a directory with {@code config.json} and safetensors. */
  public ModelLoader(Path directory) {
    this(directory, directory.resolve("config.json"));
  }

  private ModelLoader(Path directory, Path configFile) {
    this.directory = directory;
    this.configFile = configFile;
  }

  /** A loader for new weights, drawn with the seed: a {@code config.json}, of whatever name, is all that is read. */
  public static ModelLoader ofConfig(Path file) {
    return new ModelLoader(file.toAbsolutePath().getParent(), file).untrained();
  }

  /** The task; by default what {@code architectures} in {@code config.json} says. */
  public ModelLoader task(Task task) {
    this.task = task;
    return this;
  }

  /** The labels of a classifier, which gets a new head where the file has none for as many; by default those of {@code
   * config.json}, and the head must be there. */
  public ModelLoader labels(Labels labels) {
    this.labels = labels;
    return this;
  }

  /** The seed of a new head. */
  public ModelLoader seed(long seed) {
    this.seed = seed;
    return this;
  }

  /** New weights, drawn with the seed, instead of those of a file: {@code config.json} is all that is read. */
  public ModelLoader untrained() {
    untrained = true;
    return this;
  }

  /**
   * Lets {@link PretrainedModel#close} unmap the weights at once, for a program that replaces or deletes the files. A model that
   * is loaded so must be closed: the garbage collector, which unmaps others, does not unmap it.
   */
  public ModelLoader closable() {
    closable = true;
    return this;
  }

  /**
   * Holds the linear layers of the backbone in fewer bits, which are made one by one as the weights are read. The head and
   * embeddings stay as they are. A directory that is quantised already needs no such wish.
   *
   * @param type {@link DType#NF4}, {@link DType#Q8_0} or {@link DType#INT8_ROWS}; null leaves the weights as they are stored
   */
  public ModelLoader quantize(DType type) {
    if (type != null && !type.isQuantized()) {
      throw new IllegalArgumentException("quantize: " + type + " is not a quantised type; known: NF4, Q8_0, INT8_ROWS");
    }
    quantized = type;
    return this;
  }

  /**
   * Gives the tables of embeddings and the head another number of rows: new ones are drawn with the seed around the mean of
   * the others, as transformers' {@code resize_token_embeddings} does, and those beyond go.
   *
   * @param rows number of token ids
   */
  public ModelLoader vocabulary(int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException("vocabulary: a model has at least 1 token, got " + rows);
    }
    vocabulary = rows;
    return this;
  }

  /**
   * Takes tables from elsewhere, such as an adapter of a resized model; all have the same number of rows, which becomes the
   * number of token ids.
   *
   * @param byLayer [V, C] by the last word of the layer's name, such as {@code embed_tokens} or {@code lm_head}
   */
  public ModelLoader tables(Map<String, Tensor> byLayer) {
    tables = Map.copyOf(byLayer);
    tables.forEach((layer, table) -> {
      if (vocabulary > 0 && table.dim(0) != vocabulary) {
        throw new ModelException("tables: " + layer + " has " + table.dim(0) + " rows, others have " + vocabulary);
      }
      vocabulary(table.dim(0));
    });
    return this;
  }

  /**
   * Puts the layers of the model in other places, as PEFT's {@code layer_replication} does: some several times, which share their
   * weights, some not at all.
   *
   * @param numbers in the file of each layer; none for all of them as they are
   */
  public ModelLoader layers(List<Integer> numbers) {
    layers = List.copyOf(numbers);
    return this;
  }

  /** Whether a tensor is a table of tokens or a head, by its name: what another number of tokens changes. */
  public static boolean isTable(String tensor) {
    return ResizedTables.LAYERS.contains(ResizedTables.layerOf(tensor)) && tensor.endsWith(".weight");
  }

  /** The task that a directory's {@code config.json} names in {@code architectures}. */
  public static Task taskOf(Path directory) {
    return taskOf(new ModelLoader(directory).config());
  }

  /** The labels that a directory's {@code config.json} gives a classifier; null if {@code architectures} names none. */
  public static Labels labelsOf(Path directory) {
    ConfigReader json = new ModelLoader(directory).config();
    Task task = taskOf(json);
    return task.hasLabels() ? labelsOf(json, task) : null;
  }

  /** What a {@code config.json}, of whatever name, says of its model: sizes, without any weights. */
  public static ModelConfig configOf(Path file) {
    return ModelFamily.read(ofConfig(file).config());
  }

  /** Loads the model. */
  public PretrainedModel load() {
    if (!closable) {
      return load(Arena.ofAuto(), null);
    }
    Arena arena = Arena.ofShared();
    try {
      return load(arena, arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private PretrainedModel load(Arena mapped, Arena owned) {
    ConfigReader json = config();
    BitsAndBytes.check(json);
    Task wanted = task == null ? taskOf(json) : task;
    Labels classes = !wanted.hasLabels() ? null : labels == null ? labelsOf(json, wanted) : labels;
    TensorSource source = untrained ? null : weights(mapped);
    if (vocabulary > 0) {
      source = source == null ? null : new ResizedTables(source, json.size(VOCABULARY), vocabulary, seed, tables);
      json = json.with(VOCABULARY, vocabulary);
    }
    if (!layers.isEmpty()) {
      json = ReplicatedLayers.configure(json, layers);
      source = source == null ? null : ReplicatedLayers.of(source, layers);
    }
    FamilyConfig config = ModelFamily.read(json);
    source = source == null ? null : config.reading(source);
    config.check(json, source);
    requireLayers(config, json, source);
    TensorSource stored = source;
    Weights weights = source == null ? Weights.random(seed, config.deviation())
        : Weights.of(source, name -> config.fileName(name, stored), seed, config.deviation());
    return assemble(config, json.tree(), wanted, classes, weights, owned);
  }

  /** A model with layers of its own on the tensors of one that has no adapters; see {@link PretrainedModel#twin}. */
  public static PretrainedModel twin(PretrainedModel model) {
    if (!(model.config() instanceof FamilyConfig config)) {
      throw new ModelException("twin: the configuration of model_type '" + model.config().modelType() + "' makes no layers");
    }
    return new ModelLoader(null, null).assemble(config, model.source(), model.task(), model.labels(),
        Weights.of(SharedTensors.of(model), name -> name, 0, 0), null);
  }

  /**
   * A model of the same family and switches as a directory's, but of one narrow layer, with new weights in the type that
   * {@code config.json} names: what its kernels compute is worth nothing, that they are compiled then is.
   *
   * @param quantized as {@link #quantize} takes it
   */
  public static PretrainedModel miniature(Path directory, Task task, DType quantized) {
    ModelLoader loader = new ModelLoader(directory);
    ConfigReader whole = loader.config();
    ConfigReader json = whole.with(Miniature.config(whole.tree()));
    FamilyConfig config = ModelFamily.read(json);
    Labels classes = task.hasLabels() ? new Labels(List.of("a", "b"), Labels.Kind.SINGLE_LABEL) : null;
    PretrainedModel drawn = loader.untrained().assemble(config, json.tree(), task, classes,
        Weights.random(1, config.deviation()), null);
    TensorSource stored = Miniature.stored(SharedTensors.of(drawn), Miniature.storedType(whole.tree()));
    return loader.quantize(quantized).assemble(config, json.tree(), task, classes, Weights.of(stored, name -> name, 0, 0), null);
  }

  /** More layers than the file has tensors would only make a long list of what is missing. */
  private static void requireLayers(FamilyConfig config, ConfigReader json, TensorSource source) {
    if (source != null && config.layers() > source.names().size()) {
      throw json.fault("the model has " + config.layers() + " layers, but " + source.origin() + " has only "
          + source.names().size() + " tensors");
    }
  }

  private PretrainedModel assemble(FamilyConfig config, ObjectNode json, Task wanted, Labels classes, Weights weights,
      Arena owned) {
    if (wanted == Task.CAUSAL_LM && !config.generates()) {
      throw new ModelException(configFile + ": model_type '" + config.modelType()
          + "' is an encoder: it classifies or embeds, it does not generate text");
    }
    Backbone backbone = config.backbone(weights.quantizing(quantized));
    Head head = config.head(wanted, classes, backbone, weights.quantizing(null));
    weights.finish(name -> config.ignores(name, head) || config.keeps(name));
    if (labels == null && !untrained && !weights.madeAnew().isEmpty()) {
      throw new ModelException(directory + ": no trained head for the labels " + String.join(", ", classes.names()) + ": "
          + String.join(", ", weights.madeAnew()) + (weights.madeAnew().size() == 1 ? " is" : " are")
          + " missing or of another size, and a new one would answer at random; train it (hone train; --method head trains the "
          + "head alone), or load the model with an adapter that holds it");
    }
    return new PretrainedModel(config, wanted, classes, json, backbone, head, weights.madeAnew(), weights.converted(),
        weights.others(config::keeps), owned);
  }

  private ConfigReader config() {
    if (!Files.isDirectory(directory)) {
      throw new ModelException(directory + ": no such model directory");
    }
    if (untrained && !Files.isRegularFile(configFile)) {
      throw new ModelException(configFile + ": no such file; a config.json says how large the model is");
    }
    if (!Files.isRegularFile(configFile)) {
      throw new ModelException(directory + ": no config.json; a model directory has config.json, tokenizer.json and "
          + "model.safetensors");
    }
    return ConfigReader.read(configFile);
  }

  private TensorSource weights(Arena arena) {
    if (Files.exists(directory.resolve(GgufWeights.FILE))) {
      try {
        return GgufWeights.open(directory.resolve(GgufWeights.FILE), arena);
      } catch (IOException e) {
        throw new ModelException(e.getMessage(), e);
      }
    }
    if (!Files.exists(directory.resolve(WeightFiles.SINGLE)) && !Files.exists(directory.resolve(WeightFiles.INDEX))) {
      boolean pickled = Files.exists(directory.resolve("pytorch_model.bin"))
          || Files.exists(directory.resolve("pytorch_model.bin.index.json"));
      throw new ModelException(directory + (pickled
          ? ": the weights are pytorch_model.bin, which can run code when it is read; convert them to safetensors "
              + "(save_pretrained of any recent transformers does)"
          : ": no " + WeightFiles.SINGLE + " and no " + WeightFiles.INDEX));
    }
    try {
      return WeightFiles.open(directory, arena);
    } catch (TensorFileException e) {
      throw new ModelException(e.getMessage(), e);
    } catch (IOException e) {
      throw new ModelException(directory + ": the weights cannot be read: " + e.getMessage(), e);
    }
  }

  private static Task taskOf(ConfigReader json) {
    String architecture = json.texts("architectures").stream().findFirst().orElse("");
    return architecture.endsWith("ForSequenceClassification") ? Task.SEQUENCE_CLASSIFICATION
        : architecture.endsWith("ForTokenClassification") ? Task.TOKEN_CLASSIFICATION
        : architecture.endsWith("ForCausalLM") || architecture.endsWith("LMHeadModel") ? Task.CAUSAL_LM : Task.EMBEDDING;
  }

  private static Labels labelsOf(ConfigReader json, Task task) {
    List<String> names = json.labels();
    if (names == null) {
      names = IntStream.range(0, json.integer("num_labels", 2, 1, MAX_LABELS)).mapToObj(i -> "LABEL_" + i).toList();
    }
    Labels.Kind kind = task == Task.TOKEN_CLASSIFICATION ? Labels.Kind.SINGLE_LABEL : switch (json.text("problem_type", "")) {
      case "multi_label_classification" -> Labels.Kind.MULTI_LABEL;
      case "regression" -> Labels.Kind.REGRESSION;
      default -> names.size() == 1 ? Labels.Kind.REGRESSION : Labels.Kind.SINGLE_LABEL;
    };
    return new Labels(names, kind);
  }
}
