package dev.hone.train.run;

import dev.hone.lora.AdapterConfig;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.TokenIndices;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.load.ModelLoader;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.task.TaskName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The flags that say which tokens a vocabulary gets, and of which the rows are trained. */
public final class VocabularyFlags {
  private static final String TOKENS = "add-tokens";
  private static final Set<TaskName> WRITERS = EnumSet.of(TaskName.GENERATE, TaskName.PREFER, TaskName.DISTIL);
  private static final String SPECIAL = "add-special-tokens";
  static final String INDICES = "trainable-token-indices";

  /** Which tokens a vocabulary gets. */
  public static final List<Flag> ALL = List.of(
      Flag.of(TOKENS, "A,B|FILE", null, "tokens that the vocabulary gets, or a file with one a line"),
      Flag.of(SPECIAL, "A,B|FILE", null, "the same for marks, as of chat templates, which texts of answers leave out"));

  private VocabularyFlags() {}

  /** Whether there are tokens to add. */
  public static boolean adds(Arguments arguments) {
    return arguments.has(TOKENS) || arguments.has(SPECIAL);
  }

  /** A tokenizer with the tokens that are to be added. */
  public static Tokenizer extended(Tokenizer tokenizer, Arguments arguments) throws IOException {
    return tokenizer.withTokens(tokens(arguments, TOKENS), false).withTokens(tokens(arguments, SPECIAL), true);
  }

  /** How many rows a model's tables need for a tokenizer: those that it has, or more. */
  public static int rows(Path model, Tokenizer tokenizer) {
    return Math.max(ModelLoader.configOf(model.resolve("config.json")).vocabSize(), tokenizer.idBound());
  }

  private static List<String> tokens(Arguments arguments, String flag) throws IOException {
    if (!arguments.has(flag)) {
      return List.of();
    }
    List<String> list = arguments.list(flag);
    if (list.size() == 1 && Files.isRegularFile(Path.of(list.getFirst()))) {
      list = Files.readAllLines(Path.of(list.getFirst())).stream().filter(line -> !line.isBlank()).toList();
    }
    if (list.isEmpty()) {
      throw new UserError("--" + flag + " names no token");
    }
    return list;
  }

  /**
   * A method that trains and stores the tables of a model whose vocabulary grows: the adapter carries them, and loads on the
   * model as it was.
   */
  static AdapterConfig carrying(AdapterConfig method, Path model) {
    if (!(method instanceof LoraConfig lora)
        || !(ModelLoader.configOf(model.resolve("config.json")) instanceof DecoderConfig config)) {
      throw new UserError("--add-tokens in training is for --method lora or full and models that write; for others make the "
          + "model first: hone resize --model " + model + " --add-tokens ... --output-dir DIR, then train DIR with --" + INDICES);
    }
    String table = config.names().embeddings();
    if (config.tied() && !table.equals("embed_tokens")) {
      throw new UserError("--add-tokens: the head of " + config.modelType() + " is its table '" + table + "', which PEFT does "
          + "not keep the same; make the model first: hone resize --model " + model
          + " --add-tokens ... --output-dir DIR, then train DIR with --" + INDICES);
    }
    Set<String> modules = new LinkedHashSet<>(lora.modulesToSave());
    modules.add(table);
    if (!config.tied()) {
      modules.add("lm_head");
    }
    return lora.withModulesToSave(modules).withEnsureWeightTying(config.tied());
  }

  /**
   * The tokens whose rows are trained. A language model's head that is not its table gets rows of its own for them.
   *
   * @param model whose tokenizer knows the tokens, or null where values are checked only
   */
  static TokenIndices trained(Arguments arguments, Path model) throws IOException {
    if (!arguments.has(INDICES) || model == null) {
      return TokenIndices.NONE;
    }
    Tokenizer tokenizer = null;
    List<Integer> ids = new ArrayList<>();
    for (String word : arguments.list(INDICES)) {
      if (word.matches("\\d{1,9}")) {
        ids.add(Integer.valueOf(word));
        continue;
      }
      tokenizer = tokenizer == null ? Tokenizer.load(model) : tokenizer;
      int id = tokenizer.tokenId(word);
      if (id < 0) {
        throw new UserError("--" + INDICES + ": the tokenizer of " + model + " has no token '" + word
            + "'; add it first: hone resize --add-tokens");
      }
      ids.add(id);
    }
    if (ids.isEmpty()) {
      throw new UserError("--" + INDICES + " names no token");
    }
    ModelConfig config = ModelLoader.configOf(model.resolve("config.json"));
    if (WRITERS.contains(TrainFlags.task(arguments)) && config instanceof DecoderConfig decoder && !decoder.tied()) {
      Map<String, List<Integer>> both = new LinkedHashMap<>();
      both.put(decoder.names().embeddings(), ids);
      both.put("lm_head", ids);
      return new TokenIndices(both);
    }
    return TokenIndices.of(ids);
  }
}
