package dev.hone.nn.load;

import dev.hone.core.DType;
import dev.hone.core.HoneException;
import dev.hone.core.io.TensorFileException;
import dev.hone.core.io.TensorSource;
import dev.hone.core.io.WeightFiles;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.MeanPooling;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.bert.BertConfig;
import dev.hone.nn.bert.BertModel;
import dev.hone.nn.decoder.CausalHead;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderModel;
import dev.hone.nn.decoder.LastTokenHead;
import dev.hone.nn.gemma.GemmaConfig;
import dev.hone.nn.gemma.GemmaModel;
import dev.hone.nn.gpt2.Gpt2Config;
import dev.hone.nn.gpt2.Gpt2Model;
import dev.hone.nn.llama.LlamaConfig;
import dev.hone.nn.llama.LlamaModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** Reads a Hugging Face directory: the configuration picks the family, the family asks for its weights. */
public final class ModelLoader {
  private static final int MOST_LABELS = 100_000; // that a number alone may ask for

  private final Path directory;
  private final Path configFile;
  private Task task;
  private Labels labels;
  private long seed;
  private boolean untrained;
  private DType quantized;

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

  /** The task that a directory's {@code config.json} names in {@code architectures}. */
  public static Task taskOf(Path directory) {
    return taskOf(new ModelLoader(directory).config());
  }

  /** The labels that a directory's {@code config.json} gives a classifier; null if {@code architectures} names none. */
  public static Labels labelsOf(Path directory) {
    ConfigReader json = new ModelLoader(directory).config();
    return taskOf(json) == Task.SEQUENCE_CLASSIFICATION ? labelsOf(json) : null;
  }

  /** What a {@code config.json}, of whatever name, says of its model: sizes, without any weights. */
  public static ModelConfig configOf(Path file) {
    ConfigReader json = ofConfig(file).config();
    String type = json.text("model_type", "");
    if (BertConfig.MODEL_TYPES.contains(type)) {
      return BertConfig.read(json);
    }
    if (LlamaConfig.MODEL_TYPES.contains(type)) {
      return LlamaConfig.read(json);
    }
    if (GemmaConfig.MODEL_TYPES.contains(type)) {
      return GemmaConfig.read(json);
    }
    if (Gpt2Config.MODEL_TYPES.contains(type)) {
      return Gpt2Config.read(json);
    }
    throw unknownFamily(json, type);
  }

  private static HoneException unknownFamily(ConfigReader json, String type) {
    return json.unknown("model_type", type, Stream.of(BertConfig.MODEL_TYPES, LlamaConfig.MODEL_TYPES,
        GemmaConfig.MODEL_TYPES, Gpt2Config.MODEL_TYPES).flatMap(Set::stream).collect(Collectors.toSet()));
  }

  /** Loads the model. */
  public PretrainedModel load() {
    ConfigReader json = config();
    BitsAndBytes.check(json);
    Task wanted = task == null ? taskOf(json) : task;
    Labels classes = wanted != Task.SEQUENCE_CLASSIFICATION ? null : labels == null ? labelsOf(json) : labels;
    TensorSource source = untrained ? null : weights();
    String type = json.text("model_type", "");
    if (BertConfig.MODEL_TYPES.contains(type)) {
      BertConfig config = BertConfig.read(json);
      checkPositions(json, source);
      requireLayers(config, json, source);
      return bert(config, json.tree(), wanted, classes, weights(source, BertModel.prefix(config), config.deviation()));
    }
    if (LlamaConfig.MODEL_TYPES.contains(type)) {
      LlamaConfig config = LlamaConfig.read(json);
      requireLayers(config, json, source);
      return decoder(config, json.tree(), wanted, classes, weights(source, config));
    }
    if (GemmaConfig.MODEL_TYPES.contains(type)) {
      GemmaConfig config = GemmaConfig.read(json);
      requireLayers(config, json, source);
      return decoder(config, json.tree(), wanted, classes, weights(source, config));
    }
    if (Gpt2Config.MODEL_TYPES.contains(type)) {
      Gpt2Config config = Gpt2Config.read(json);
      requireLayers(config, json, source);
      return decoder(config, json.tree(), wanted, classes, weights(source, config));
    }
    throw unknownFamily(json, type);
  }

  /** Another model with the tensors of one that has no adapters; see {@link PretrainedModel#twin}. */
  public static PretrainedModel twin(PretrainedModel model) {
    ModelLoader loader = new ModelLoader(null, null);
    Weights weights = Weights.of(SharedTensors.of(model), name -> name, 0, 0);
    return switch (model.config()) {
      case BertConfig bert -> loader.bert(bert, model.source(), model.task(), model.labels(), weights);
      case DecoderConfig decoder -> loader.decoder(decoder, model.source(), model.task(), model.labels(), weights);
    };
  }

  private PretrainedModel decoder(DecoderConfig config, ObjectNode json, Task wanted, Labels classes, Weights weights) {
    weights.quantizing(quantized);
    DecoderModel backbone = switch (config) {
      case LlamaConfig llama -> LlamaModel.load(llama, weights);
      case GemmaConfig gemma -> GemmaModel.load(gemma, weights);
      case Gpt2Config gpt2 -> Gpt2Model.load(gpt2, weights);
    };
    weights.quantizing(null);
    // transformers keeps a head that is not the table, whatever the configuration says
    boolean tied = config.tied() && !weights.differs(CausalHead.WEIGHT, backbone.embeddings().weight());
    Head head = switch (wanted) {
      case SEQUENCE_CLASSIFICATION -> LastTokenHead.load(config.hiddenSize(), config.padding(), classes, weights);
      case CAUSAL_LM -> CausalHead.load(backbone.embeddings(), tied, config.logitCap(), weights);
      case EMBEDDING -> new MeanPooling();
    };
    // A file of another task has another head, and old files hold the table of a tied head twice.
    boolean ownHead = wanted == Task.CAUSAL_LM && !tied;
    boolean scored = wanted == Task.SEQUENCE_CLASSIFICATION;
    return assemble(config, wanted, classes, json, backbone, head, weights, name -> name.startsWith("score.") && !scored
        || name.startsWith("lm_head.") && !ownHead || name.endsWith(".rotary_emb.inv_freq")
        || config instanceof Gpt2Config && Gpt2Model.isIgnored(name));
  }

  private PretrainedModel bert(BertConfig config, ObjectNode json, Task wanted, Labels classes, Weights weights) {
    Backbone backbone = BertModel.load(config, weights.quantizing(quantized));
    weights.quantizing(null);
    Head head = switch (wanted) {
      case SEQUENCE_CLASSIFICATION -> BertModel.classificationHead(config, classes, weights);
      case EMBEDDING -> new MeanPooling();
      case CAUSAL_LM -> throw new ModelException(configFile + ": model_type '" + config.modelType()
          + "' is an encoder: it classifies or embeds, it does not generate text");
    };
    return assemble(config, wanted, classes, json, backbone, head, weights, BertModel::isIgnored);
  }

  /** More layers than the file has tensors would only make a long list of what is missing. */
  private static void requireLayers(ModelConfig config, ConfigReader json, TensorSource source) {
    if (source != null && config.layers() > source.names().size()) {
      throw json.fault("the model has " + config.layers() + " layers, but " + source.origin() + " has only "
          + source.names().size() + " tensors");
    }
  }

  /** With a tied head the table may be stored under the head's name alone. */
  private Weights weights(TensorSource source, DecoderConfig config) {
    String table = config.names().of(config.names().embeddings()) + ".weight";
    return source == null ? Weights.random(seed, config.deviation()) : Weights.of(source, name -> {
      String file = FileNames.of(source, config.prefix(), name);
      return config.tied() && name.equals(table) && !source.contains(file) && source.contains(CausalHead.WEIGHT)
          ? CausalHead.WEIGHT : file;
    }, seed, config.deviation());
  }

  private Weights weights(TensorSource source, String prefix, float deviation) {
    return source == null ? Weights.random(seed, deviation)
        : Weights.of(source, name -> FileNames.of(source, prefix, name), seed, deviation);
  }

  /** Relative positions have weights of their own, which transformers 5 no longer reads: what was trained with them is refused. */
  private static void checkPositions(ConfigReader json, TensorSource source) {
    String type = json.text("position_embedding_type", "absolute");
    if (!type.equals("absolute") && (source == null
        || source.names().stream().anyMatch(name -> name.endsWith(".distance_embedding.weight")))) {
      throw json.unknown("position_embedding_type", type, Set.of("absolute"));
    }
  }

  private PretrainedModel assemble(ModelConfig config, Task task, Labels classes, ObjectNode json, Backbone backbone,
      Head head, Weights weights, Predicate<String> ignored) {
    weights.finish(ignored);
    if (labels == null && !untrained && !weights.madeAnew().isEmpty()) {
      throw new ModelException(directory + ": no trained head for the labels " + String.join(", ", classes.names()) + ": "
          + String.join(", ", weights.madeAnew()) + (weights.madeAnew().size() == 1 ? " is" : " are")
          + " missing or of another size, and a new one would answer at random; train it (hone train; --method head trains the "
          + "head alone), or load the model with an adapter that holds it");
    }
    return new PretrainedModel(config, task, classes, json, backbone, head, weights.madeAnew(), weights.converted());
  }

  /** The name of a parameter in the file of a bare backbone. */
  public static String bareName(ModelConfig config, String name) {
    String prefix = switch (config) {
      case BertConfig bert -> BertModel.prefix(bert);
      case DecoderConfig decoder -> decoder.prefix();
    };
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  /** The class of transformers that reads what {@link ModelWriter} writes. */
  static String architecture(PretrainedModel model) {
    String family = switch (model.config()) {
      case BertConfig bert -> switch (bert.modelType()) {
        case "roberta" -> "Roberta";
        case "xlm-roberta" -> "XLMRoberta";
        case "camembert" -> "Camembert";
        case "distilbert" -> "DistilBert";
        default -> "Bert";
      };
      case Gpt2Config _ -> "GPT2";
      case GemmaConfig gemma -> gemma.modelType().equals("gemma2") ? "Gemma2" : "Gemma3Text";
      case LlamaConfig llama -> llama.modelType().substring(0, 1).toUpperCase(Locale.ROOT) + llama.modelType().substring(1);
    };
    return switch (model.task()) {
      case SEQUENCE_CLASSIFICATION -> family + "ForSequenceClassification";
      case CAUSAL_LM -> family.equals("GPT2") ? "GPT2LMHeadModel" : family.replace("3Text", "3") + "ForCausalLM";
      case EMBEDDING -> family + "Model";
    };
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

  private TensorSource weights() {
    if (!Files.exists(directory.resolve(WeightFiles.SINGLE)) && !Files.exists(directory.resolve(WeightFiles.INDEX))) {
      boolean pickled = Files.exists(directory.resolve("pytorch_model.bin"))
          || Files.exists(directory.resolve("pytorch_model.bin.index.json"));
      throw new ModelException(directory + (pickled
          ? ": the weights are pytorch_model.bin, which can run code when it is read; convert them to safetensors "
              + "(save_pretrained of any recent transformers does)"
          : ": no " + WeightFiles.SINGLE + " and no " + WeightFiles.INDEX));
    }
    try {
      return WeightFiles.open(directory);
    } catch (TensorFileException e) {
      throw new ModelException(e.getMessage(), e);
    } catch (IOException e) {
      throw new ModelException(directory + ": the weights cannot be read: " + e.getMessage(), e);
    }
  }

  private static Task taskOf(ConfigReader json) {
    String architecture = json.texts("architectures").stream().findFirst().orElse("");
    return architecture.endsWith("ForSequenceClassification") ? Task.SEQUENCE_CLASSIFICATION
        : architecture.endsWith("ForCausalLM") || architecture.endsWith("LMHeadModel") ? Task.CAUSAL_LM : Task.EMBEDDING;
  }

  private static Labels labelsOf(ConfigReader json) {
    List<String> names = json.labels();
    if (names == null) {
      names = IntStream.range(0, json.integer("num_labels", 2, 1, MOST_LABELS)).mapToObj(i -> "LABEL_" + i).toList();
    }
    Labels.Kind kind = switch (json.text("problem_type", "")) {
      case "multi_label_classification" -> Labels.Kind.MULTI_LABEL;
      case "regression" -> Labels.Kind.REGRESSION;
      default -> names.size() == 1 ? Labels.Kind.REGRESSION : Labels.Kind.SINGLE_LABEL;
    };
    return new Labels(names, kind);
  }
}
