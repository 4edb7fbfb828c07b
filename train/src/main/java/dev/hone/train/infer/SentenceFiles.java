package dev.hone.train.infer;

import dev.hone.core.io.AtomicFile;
import dev.hone.nn.ModelException;
import dev.hone.nn.family.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the files of sentence-transformers say of a model directory: {@code modules.json}, {@code 1_Pooling/config.json} in both
 * spellings, {@code sentence_bert_config.json} and {@code config_sentence_transformers.json}.
 *
 * @param transformer the directory of the model and its tokenizer
 * @param pooling of its hidden states
 * @param maxLength tokens that texts are cut to; {@link Integer#MAX_VALUE} where no file says so
 * @param lowerCase whether texts are made small before the tokenizer sees them
 * @param prompts what is put before texts, by name
 * @param defaultPrompt the name of the one that is used where none is asked for, or null
 * @param dimensions how many numbers of a vector are kept; 0 for all
 */
record SentenceFiles(Path transformer, Pooling pooling, int maxLength, boolean lowerCase, Map<String, String> prompts,
    String defaultPrompt, int dimensions) {
  private static final System.Logger LOG = System.getLogger("dev.hone.train");
  private static final String MODULES = "modules.json";
  private static final long MAX_BYTES = 1 << 20;
  private static final int MAX_DIMENSIONS = 1 << 24;

  /** Reads them; a directory without {@code modules.json} has the documented defaults. */
  static SentenceFiles read(Path directory) {
    Path transformer = directory;
    List<Pooling.Mode> modes = List.of();
    boolean includePrompt = true;
    boolean normalize = false;
    if (Files.isRegularFile(directory.resolve(MODULES))) {
      for (Module module : modules(directory)) {
        switch (module.kind) {
          case "Transformer" -> transformer = module.place;
          case "Pooling" -> {
            ConfigReader json = ConfigReader.read(module.place.resolve("config.json"));
            modes = modes(json);
            includePrompt = json.flag("include_prompt", true);
          }
          case "Normalize" -> normalize = true;
          case "Dropout" -> { } // rests where nothing is trained
          default -> throw new ModelException(directory.resolve(MODULES) + ": a module of type '"
              + ConfigReader.shortened(module.type)
              + "'; known: Transformer, Pooling, Normalize, Dropout. Without it vectors would be "
              + "others than the model's");
        }
      }
      if (modes.isEmpty()) {
        throw new ModelException(directory.resolve(MODULES)
            + ": no module of type Pooling, so that it does not say what becomes of "
            + "the tokens");
      }
    } else {
      modes = List.of(generates(directory) ? Pooling.Mode.LAST_TOKEN : Pooling.Mode.MEAN);
      normalize = true;
    }
    ConfigReader sentence = optional(transformer.resolve("sentence_bert_config.json"));
    ConfigReader model = optional(directory.resolve("config_sentence_transformers.json"));
    Map<String, String> prompts = new LinkedHashMap<>();
    String defaultPrompt = null;
    int dimensions = 0;
    if (model != null) {
      ConfigReader section = model.section("prompts");
      section.tree().propertyNames().forEach(name -> prompts.put(name, section.text(name, "")));
      defaultPrompt = model.text("default_prompt_name", null);
      dimensions = model.integer("truncate_dim", 0, 0, MAX_DIMENSIONS);
      if (defaultPrompt != null && !prompts.containsKey(defaultPrompt)) {
        throw model.fault("'default_prompt_name' is '" + ConfigReader.shortened(defaultPrompt) + "'; prompts are: "
            + names(prompts));
      }
    }
    return new SentenceFiles(transformer, new Pooling(modes, includePrompt, normalize), maxLength(transformer, sentence),
        sentence != null && sentence.flag("do_lower_case", false), prompts, defaultPrompt, dimensions);
  }

  /** Says what was taken where a directory has no such files: vectors of another kind would be wrong in silence. */
  SentenceFiles warned(Path directory) {
    if (!areIn(directory)) {
      LOG.log(System.Logger.Level.WARNING, directory + ": no " + MODULES + " says how vectors are made; taken is "
          + pooling.modes().getFirst().name().toLowerCase(Locale.ROOT)
          + " with length 1. If the model was trained otherwise (BGE: cls), say withPooling");
    }
    return this;
  }

  /** Whether a directory has such files. */
  static boolean areIn(Path directory) {
    return Files.isRegularFile(directory.resolve(MODULES));
  }

  SentenceFiles withTransformer(Path other) {
    return new SentenceFiles(other, pooling, maxLength, lowerCase, prompts, defaultPrompt, dimensions);
  }

  SentenceFiles withPooling(Pooling other) {
    return new SentenceFiles(transformer, other, maxLength, lowerCase, prompts, defaultPrompt, dimensions);
  }

  SentenceFiles withMaxLength(int other) {
    return new SentenceFiles(transformer, pooling, other, lowerCase, prompts, defaultPrompt, dimensions);
  }

  SentenceFiles withPrompts(Map<String, String> other) {
    return new SentenceFiles(transformer, pooling, maxLength, lowerCase, new LinkedHashMap<>(other), null, dimensions);
  }

  /**
   * Writes them in the older spelling, which all versions read, for a model in the same directory.
   *
   * @param width of the hidden states
   */
  void write(Path directory, int width) throws IOException {
    Files.createDirectories(directory.resolve("1_Pooling"));
    ArrayNode modules = JsonMapper.shared().createArrayNode();
    module(modules, "", "Transformer");
    module(modules, "1_Pooling", "Pooling");
    if (pooling.normalize()) {
      Files.createDirectories(directory.resolve("2_Normalize"));
      module(modules, "2_Normalize", "Normalize");
    }
    write(directory.resolve(MODULES), modules);
    ObjectNode pool = JsonMapper.shared().createObjectNode().put("word_embedding_dimension", width);
    for (Pooling.Mode mode : Pooling.Mode.values()) {
      pool.put(mode.flag(), pooling.modes().contains(mode));
    }
    write(directory.resolve("1_Pooling/config.json"), pool.put("include_prompt", pooling.includePrompt()));
    write(directory.resolve("sentence_bert_config.json"), JsonMapper.shared().createObjectNode().put("max_seq_length", maxLength)
        .put("do_lower_case", lowerCase));
    ObjectNode model = JsonMapper.shared().createObjectNode();
    ObjectNode named = model.putObject("prompts");
    prompts.forEach(named::put);
    model.put("default_prompt_name", defaultPrompt).put("similarity_fn_name", "cosine");
    if (dimensions > 0) {
      model.put("truncate_dim", dimensions);
    }
    write(directory.resolve("config_sentence_transformers.json"), model);
  }

  private static void module(ArrayNode modules, String path, String kind) {
    int index = modules.size();
    modules.addObject().put("idx", index).put("name", Integer.toString(index)).put("path", path)
        .put("type", "sentence_transformers.models." + kind);
  }

  private static void write(Path file, JsonNode tree) throws IOException {
    AtomicFile.writeString(file, JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(tree) + "\n");
  }

  static String names(Map<String, String> prompts) {
    return prompts.isEmpty() ? "none" : String.join(", ", new TreeSet<>(prompts.keySet()));
  }

  /** A model that was made to generate has seen the whole text only at its last token. */
  private static boolean generates(Path directory) {
    return ConfigReader.read(directory.resolve("config.json")).texts("architectures").stream().findFirst()
        .filter(name -> name.endsWith("ForCausalLM") || name.endsWith("LMHeadModel")).isPresent();
  }

  /** As {@code sentence_bert_config.json} says, else the tokenizer; some write 1e30 for "no limit". */
  private static int maxLength(Path transformer, ConfigReader sentence) {
    if (sentence != null && sentence.has("max_seq_length")) {
      return sentence.required("max_seq_length", 1, Integer.MAX_VALUE);
    }
    ConfigReader tokenizer = optional(transformer.resolve("tokenizer_config.json"));
    double most = tokenizer == null ? Double.NaN : tokenizer.number("model_max_length", Double.NaN);
    return most >= 1 && most < Integer.MAX_VALUE ? (int) most : Integer.MAX_VALUE;
  }

  private static List<Pooling.Mode> modes(ConfigReader json) {
    if (json.has("pooling_mode")) {
      return json.texts("pooling_mode").stream().map(word -> Arrays.stream(Pooling.Mode.values())
          .filter(mode -> mode.word().equals(word)).findFirst().orElseThrow(() -> json.unknown("pooling_mode", word,
              Arrays.stream(Pooling.Mode.values()).map(Pooling.Mode::word).collect(Collectors.toSet())))).toList();
    }
    List<Pooling.Mode> set = Arrays.stream(Pooling.Mode.values()).filter(mode -> json.flag(mode.flag(), false)).toList();
    return set.isEmpty() ? List.of(Pooling.Mode.MEAN) : set; // so does the library
  }

  private static ConfigReader optional(Path file) {
    return Files.isRegularFile(file) ? ConfigReader.read(file) : null;
  }

  /** A line of {@code modules.json}. */
  private record Module(String type, String kind, Path place) {}

  private static List<Module> modules(Path directory) {
    Path file = directory.resolve(MODULES);
    List<Module> modules = new ArrayList<>();
    for (JsonNode each : list(file)) {
      String type = each.path("type").asString("");
      Path place = directory.resolve(each.path("path").asString("")).normalize();
      if (type.isEmpty() || !place.startsWith(directory.normalize())) {
        throw new ModelException(file + ": module " + modules.size() + " is " + ConfigReader.shortened(each.toString())
            + "; expected a 'type' and a 'path' within the directory");
      }
      modules.add(new Module(type, type.substring(type.lastIndexOf('.') + 1), place));
    }
    return modules;
  }

  private static JsonNode list(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new ModelException(file + ": " + Files.size(file) + " bytes; a list of modules may have " + MAX_BYTES);
      }
      JsonNode tree = JsonMapper.shared().readTree(Files.readString(file));
      if (!tree.isArray()) {
        throw new ModelException(file + ": expected a list of modules, is " + tree.getNodeType().name().toLowerCase(Locale.ROOT));
      }
      return tree;
    } catch (JacksonException e) {
      throw new ModelException(file + ": cannot be read as JSON: " + ConfigReader.shortened(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new ModelException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
