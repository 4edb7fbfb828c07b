package dev.hone.lora;

import dev.hone.core.Activation;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.Task;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code adapter_config.json}: every setting of PEFT that changes what an adapter computes, read and written. */
final class ConfigJson {
  /** How many adapters a directory's own stands on, a key that PEFT does not know. */
  static final String BELOW = "hone_below";

  private static final int MAX_LAYERS = 10_000;

  private static final String OFT_VERSION = "0.18.0";
  private static final String LEFT = ".lora_E"; // what AdaLoRA's ranks are said of
  private static final JsonMapper JSON = JsonMapper.builder().build();
  /** A base that was named with its commit, for which PEFT has two keys. */
  private static final Pattern AT_COMMIT = Pattern.compile("(.+)@([0-9a-f]{40})");

  private ConfigJson() {}

  /** A configuration as it is written for an adapter. */
  static ObjectNode write(AdapterConfig config, Adapter adapter, String base) {
    ObjectNode tree = JSON.createObjectNode();
    Matcher commit = AT_COMMIT.matcher(base);
    tree.put("base_model_name_or_path", commit.matches() ? commit.group(1) : base);
    if (commit.matches()) {
      tree.put("revision", commit.group(2));
    }
    tree.put("inference_mode", true);
    tree.put("peft_type", config.peftType());
    tree.put("task_type", switch (adapter.model().task()) {
      case SEQUENCE_CLASSIFICATION -> "SEQ_CLS";
      case TOKEN_CLASSIFICATION -> "TOKEN_CLS";
      case CAUSAL_LM -> "CAUSAL_LM";
      case EMBEDDING -> "FEATURE_EXTRACTION";
    });
    list(tree, "modules_to_save", config.modulesToSave());
    ModelConfig sizes = adapter.model().config();
    switch (config) {
      case LoraConfig lora -> writeLora(tree, lora, adapter);
      case Ia3Config ia3 -> {
        writeTargets(tree, ia3.targets(), adapter);
        tree.remove(List.of("layers_pattern", "layers_to_transform")); // PEFT's IA3 does not know them
        modules(tree, "feedforward_modules", ia3.feedforward());
        tree.put("fan_in_fan_out", adapter.fanInFanOut()).put("init_ia3_weights", true);
      }
      case PromptConfig prompt -> {
        writeVirtual(tree, adapter, prompt.virtualTokens(), sizes.hiddenSize(), sizes.keyHeads());
        tree.put("prompt_tuning_init", prompt.init().name());
        if (prompt.init() == PromptConfig.Init.TEXT) {
          tree.put("prompt_tuning_init", PromptConfig.Init.RANDOM.name()); // the text and its tokenizer are not needed again
        }
      }
      case PrefixConfig prefix -> {
        writeVirtual(tree, adapter, prefix.virtualTokens(), sizes.keyWidth(), sizes.keyHeads());
        tree.put("encoder_hidden_size", sizes.keyWidth()).put("prefix_projection", false);
      }
      case BottleneckConfig bottleneck -> tree.put("placement", bottleneck.placement().name().toLowerCase(Locale.ROOT))
          .put("bottleneck_size", bottleneck.size())
          .put("non_linearity", bottleneck.activation().name().toLowerCase(Locale.ROOT));
      case SubsetConfig subset -> tree.put("layers", subset.layers());
      case TokensConfig tokens -> {
        TokenIndices indices = tokens.tokens();
        if (indices.byModule().size() > 1) {
          throw new AdapterException("TRAINABLE_TOKENS of PEFT has the same tokens for all its tables; name one table");
        }
        indices.byModule().forEach((module, ids) -> {
          list(tree, "target_modules", module.isEmpty() ? List.of() : List.of(module));
          ids(tree.putArray("token_indices"), ids);
        });
        tree.put("init_weights", true);
      }
      case VeraConfig vera -> {
        writeTargets(tree, vera.targets(), adapter);
        tree.remove("exclude_modules"); // PEFT's VeRA does not know them
        tree.put("r", vera.r()).put("vera_dropout", decimal(vera.dropout())).put("d_initial", vera.initial());
        tree.put("projection_prng_key", vera.key()).put("save_projection", vera.saveProjection());
        tree.put("bias", "none").put("init_weights", true).put("fan_in_fan_out", adapter.fanInFanOut());
      }
      case LohaConfig loha -> {
        writeTargets(tree, loha.targets(), adapter);
        number(tree.put("r", loha.r()), "alpha", loha.alpha());
        tree.put("rank_dropout", decimal(loha.rankDropout())).put("module_dropout", decimal(loha.moduleDropout()));
        patterns(tree, loha.rankPattern(), loha.alphaPattern());
        tree.put("use_effective_conv2d", false).put("init_weights", true);
      }
      case AdaLoraConfig ada -> {
        writeTargets(tree, ada.targets(), adapter);
        number(tree.put("init_r", ada.initialRank()), "lora_alpha", ada.alpha());
        tree.put("lora_dropout", decimal(ada.dropout())).put("orth_reg_weight", ada.orthogonality());
        budget(tree, ada, adapter.rankAllocator());
        tree.put("bias", "none").put("fan_in_fan_out", adapter.fanInFanOut());
        if (!ada.ranks().isEmpty()) {
          ranks(tree.putObject("rank_pattern"), ada, adapter);
        }
      }
      case OftConfig oft -> {
        writeTargets(tree, oft.targets(), adapter);
        tree.put("peft_version", OFT_VERSION); // says which series is meant
        tree.put("r", oft.blocks()).put("oft_block_size", oft.size()).put("block_share", oft.blockShare());
        tree.put("use_cayley_neumann", oft.terms() > 0).put("num_cayley_neumann_terms", Math.max(1, oft.terms()));
        tree.put("module_dropout", decimal(oft.dropout())).put("coft", false).put("bias", "none").put("init_weights", true);
        tree.put("fan_in_fan_out", adapter.fanInFanOut());
      }
      case LnTuningConfig norms -> {
        writeTargets(tree, norms.targets(), adapter);
        tree.remove(List.of("layers_pattern", "layers_to_transform"));
      }
    }
    return tree;
  }

  private static void budget(ObjectNode tree, AdaLoraConfig ada, RankAllocator run) {
    AdaLoraConfig.Budget budget = ada.budget() != null ? ada.budget() : AdaLoraConfig.Budget.of(ada.initialRank());
    int steps = Math.max(run == null ? 0 : run.total(), budget.steps());
    tree.put("target_r", budget.targetRank()).put("tinit", budget.tinit()).put("tfinal", budget.tfinal())
        .put("deltaT", budget.deltaT()).put("beta1", budget.beta1()).put("beta2", budget.beta2())
        .put("total_step", Math.max(steps, budget.tinit() + budget.tfinal() + 1)); // PEFT wants a run also where none is to come
  }

  /** Which ranks are left, or how many where it is not known any more which they were. */
  private static void ranks(ObjectNode tree, AdaLoraConfig ada, Adapter adapter) {
    Map<String, List<Boolean>> pattern = new LinkedHashMap<>();
    RankAllocator.pattern(adapter).forEach((path, stays) -> pattern.put(adapter.model().fileName(path), stays));
    ada.ranks().forEach((path, rank) -> {
      ArrayNode left = tree.putArray(path + LEFT);
      List<Boolean> known = pattern.getOrDefault(path, List.of());
      IntStream.range(0, ada.initialRank()).forEach(i ->
          left.add(known.size() == ada.initialRank() ? known.get(i) : i < rank));
    });
  }

  private static void writeVirtual(ObjectNode tree, Adapter adapter, int tokens, int width, int heads) {
    tree.put("num_virtual_tokens", tokens).put("token_dim", width).put("num_layers", adapter.model().config().layers())
        .put("num_attention_heads", heads).put("num_transformer_submodules", 1);
  }

  private static void writeLora(ObjectNode tree, LoraConfig lora, Adapter adapter) {
    tree.put("r", lora.r());
    number(tree, "lora_alpha", lora.alpha());
    tree.put("lora_dropout", decimal(lora.dropout()));
    tree.put("bias", lora.bias().name().toLowerCase(Locale.ROOT));
    tree.put("use_rslora", lora.rslora());
    tree.put("use_dora", lora.dora());
    tree.put("lora_bias", lora.loraBias());
    tree.put("ensure_weight_tying", lora.ensureWeightTying());
    tokens(tree, lora.trainableTokens());
    tree.put("fan_in_fan_out", adapter.fanInFanOut());
    if (!lora.invocationTokens().isEmpty()) {
      ArrayNode tokens = tree.putArray("alora_invocation_tokens");
      lora.invocationTokens().forEach(tokens::add);
    }
    if (!lora.base().layers().isEmpty()) {
      ArrayNode layers = tree.putArray("layer_replication");
      lora.base().layers().forEach(part -> layers.addArray().add(part.from()).add(part.to()));
    }
    if (!lora.base().below().isEmpty()) {
      tree.put(BELOW, lora.base().below().size());
    }
    patterns(tree, lora.rankPattern(), lora.alphaPattern());
    switch (lora.init().toString()) {
      case "true" -> tree.put("init_lora_weights", true);
      case "false" -> tree.put("init_lora_weights", false);
      default -> tree.put("init_lora_weights", lora.init().toString());
    }
    writeTargets(tree, lora.targets(), adapter);
  }

  private static void patterns(ObjectNode tree, Map<String, Integer> ranks, Map<String, Double> alphas) {
    ObjectNode rankPattern = tree.putObject("rank_pattern");
    ranks.forEach(rankPattern::put);
    ObjectNode alphaPattern = tree.putObject("alpha_pattern");
    alphas.forEach((name, alpha) -> number(alphaPattern, name, alpha));
  }

  private static void writeTargets(ObjectNode tree, Targets settled, Adapter adapter) {
    // Short names could also match the head, and PEFT finds no layer number in a path that begins with it.
    boolean list = settled.allLinear() || adapter.model().task() == Task.EMBEDDING && !settled.layers().isEmpty();
    Targets targets = list ? Targets.of(adapter.targets().stream()
        .filter(path -> !adapter.parts().isOfTokens(path)).map(adapter.model()::fileName).sorted().toList()) : settled;
    modules(tree, "target_modules", targets.modules());
    modules(tree, "exclude_modules", targets.exclude());
    list(tree, "layers_pattern", targets.layersPattern());
    tree.putNull("layers_to_transform");
    if (!targets.layers().isEmpty()) {
      ArrayNode layers = tree.putArray("layers_to_transform");
      targets.layers().forEach(layers::add);
    }
  }

  private static void modules(ObjectNode tree, String name, ModuleNames modules) {
    if (modules.pattern()) {
      tree.put(name, modules.names().getFirst());
    } else {
      list(tree, name, modules.names());
    }
  }

  private static void list(ObjectNode tree, String name, Collection<String> texts) {
    if (texts.isEmpty()) {
      tree.putNull(name);
      return;
    }
    ArrayNode list = tree.putArray(name);
    texts.forEach(list::add);
  }

  /** Whole numbers without a point, as PEFT has them. */
  private static void number(ObjectNode tree, String name, double value) {
    if (value == Math.rint(value)) {
      tree.put(name, (long) value);
    } else {
      tree.put(name, value);
    }
  }

  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  /** Reads a configuration, refusing what would be computed otherwise. */
  static AdapterConfig read(ConfigReader json) {
    String type = json.text("peft_type", "");
    return switch (type) {
      case LoraConfig.TYPE -> readLora(json);
      case Ia3Config.TYPE -> {
        refuse(json, List.of("layers_to_transform"));
        yield new Ia3Config(targets(json), modules(json, "feedforward_modules"), json.texts("modules_to_save"));
      }
      case OftConfig.TYPE -> readOft(json);
      case VeraConfig.TYPE -> readVera(json);
      case LohaConfig.TYPE -> named(json, () -> new LohaConfig(json.integer("r", 8, 1, Integer.MAX_VALUE),
          json.number("alpha", 8), (float) json.number("rank_dropout", 0, Range.DROPOUT),
          (float) json.number("module_dropout", 0, Range.DROPOUT), targets(json),
          json.integersByName("rank_pattern", 1, Integer.MAX_VALUE), json.numbersByName("alpha_pattern", Range.FINITE),
          json.texts("modules_to_save")));
      case AdaLoraConfig.TYPE -> readAdaLora(json);
      case TokensConfig.TYPE -> named(json, () -> readTokens(json));
      case LnTuningConfig.TYPE -> named(json, () -> new LnTuningConfig(targets(json), json.texts("modules_to_save")));
      case PromptConfig.TYPE -> named(json, () ->
          new PromptConfig(json.size("num_virtual_tokens"), PromptConfig.Init.RANDOM, List.of(), json.texts("modules_to_save")));
      case PrefixConfig.TYPE -> named(json, () ->
          new PrefixConfig(json.size("num_virtual_tokens"), json.texts("modules_to_save")));
      case BottleneckConfig.TYPE -> named(json, () -> new BottleneckConfig(
          json.word("placement", BottleneckConfig.Placement.values(), null), json.size("bottleneck_size"),
          json.word("non_linearity", Activation.values(), null), json.texts("modules_to_save")));
      case "HEAD", "LAST_N", "BITFIT" -> named(json, () -> new SubsetConfig(SubsetConfig.Part.valueOf(type),
          json.required("layers", 0, Integer.MAX_VALUE), json.texts("modules_to_save")));
      default -> throw json.unknown("peft_type", type, Set.of(LoraConfig.TYPE, Ia3Config.TYPE, PromptConfig.TYPE,
          PrefixConfig.TYPE, LnTuningConfig.TYPE, OftConfig.TYPE, TokensConfig.TYPE, VeraConfig.TYPE, LohaConfig.TYPE,
          AdaLoraConfig.TYPE,
          BottleneckConfig.TYPE, "HEAD", "LAST_N", "BITFIT"));
    };
  }

  private static LoraConfig readLora(ConfigReader json) {
    refuse(json, List.of("use_qalora", "use_bdlora", "target_parameters", "arrow_config", "kasa_config", "monteclora_config",
        "velora_config", "megatron_config"));
    return named(json, () -> new LoraConfig(json.size("r"), json.number("lora_alpha", 8),
        (float) json.number("lora_dropout", 0, Range.DROPOUT), targets(json), json.texts("modules_to_save"),
        json.word("bias", LoraConfig.Bias.values(), LoraConfig.Bias.NONE),
        json.integersByName("rank_pattern", 1, Integer.MAX_VALUE), json.numbersByName("alpha_pattern", Range.FINITE),
        json.flag("use_rslora", false), json.flag("use_dora", false), init(json), json.flag("ensure_weight_tying", false),
        json.flag("lora_bias", false), tokens(json, "trainable_token_indices"),
        json.integers("alora_invocation_tokens", 0, Integer.MAX_VALUE),
        new LoraConfig.Base(json.pairs("layer_replication", 0, MAX_LAYERS).stream()
            .map(pair -> new LoraConfig.Layers(pair.getFirst(), pair.getLast())).toList(), List.of())));
  }

  private static TokensConfig readTokens(ConfigReader json) {
    List<Integer> ids = json.integers("token_indices", 0, Integer.MAX_VALUE);
    List<String> modules = json.texts("target_modules");
    Map<String, List<Integer>> byModule = new LinkedHashMap<>();
    (modules.isEmpty() ? List.of("") : modules).forEach(module -> byModule.put(module, ids));
    return new TokensConfig(new TokenIndices(byModule));
  }

  /** Ids of tokens: a list, or lists by module. */
  private static TokenIndices tokens(ConfigReader json, String name) {
    if (!json.has(name)) {
      return TokenIndices.NONE;
    }
    if (!json.isObject(name)) {
      List<Integer> ids = json.integers(name, 0, Integer.MAX_VALUE);
      return ids.isEmpty() ? TokenIndices.NONE : TokenIndices.of(ids);
    }
    ConfigReader section = json.section(name);
    Map<String, List<Integer>> byModule = new LinkedHashMap<>();
    section.tree().propertyNames().forEach(module -> byModule.put(module, section.integers(module, 0, Integer.MAX_VALUE)));
    return new TokenIndices(byModule);
  }

  private static void tokens(ObjectNode tree, TokenIndices tokens) {
    if (tokens.isEmpty()) {
      return;
    }
    if (tokens.isList()) {
      ids(tree.putArray("trainable_token_indices"), tokens.byModule().get(""));
      return;
    }
    ObjectNode byModule = tree.putObject("trainable_token_indices");
    tokens.byModule().forEach((module, ids) -> ids(byModule.putArray(module), ids));
  }

  private static void ids(ArrayNode list, List<Integer> ids) {
    ids.forEach(list::add);
  }

  private static VeraConfig readVera(ConfigReader json) {
    refuseBias(json);
    return named(json, () -> new VeraConfig(json.integer("r", 256, 1, Integer.MAX_VALUE),
        (float) json.number("vera_dropout", 0, Range.DROPOUT), json.number("d_initial", 0.1),
        (long) json.number("projection_prng_key", 0), json.flag("save_projection", true), targets(json),
        json.texts("modules_to_save")));
  }

  private static AdaLoraConfig readAdaLora(ConfigReader json) {
    refuseBias(json);
    refuse(json, List.of("target_parameters", "layer_replication", "megatron_config"));
    int rank = json.integer("init_r", 12, 1, Integer.MAX_VALUE);
    Map<String, Integer> ranks = new LinkedHashMap<>();
    if (json.has("rank_pattern")) {
      json.tree().path("rank_pattern").properties().forEach(layer -> {
        if (!layer.getKey().contains(LEFT) || !layer.getValue().isArray() || layer.getValue().size() != rank) {
          throw json.fault("'rank_pattern' of '" + ConfigReader.shortened(layer.getKey()) + "' is not a list of init_r " + rank
              + " times true or false of a layer's lora_E");
        }
        int left = 0;
        for (JsonNode one : layer.getValue()) {
          left += one.asBoolean() ? 1 : 0;
        }
        ranks.put(layer.getKey().substring(0, layer.getKey().lastIndexOf(LEFT)), left);
      });
    }
    int target = json.integer("target_r", 8, 0, Integer.MAX_VALUE);
    return named(json, () -> new AdaLoraConfig(rank, json.number("lora_alpha", 8),
        (float) json.number("lora_dropout", 0, Range.DROPOUT), json.number("orth_reg_weight", 0.5), ranks, targets(json),
        json.texts("modules_to_save"), target >= rank ? null : new AdaLoraConfig.Budget(target,
        json.integer("tinit", 0, 0, Integer.MAX_VALUE), json.integer("tfinal", 0, 0, Integer.MAX_VALUE),
        json.integer("deltaT", 1, 1, Integer.MAX_VALUE), json.number("beta1", 0.85), json.number("beta2", 0.85),
        json.integer("total_step", 0, 0, Integer.MAX_VALUE))));
  }

  private static void refuseBias(ConfigReader json) {
    if (!json.text("bias", "none").equals("none")) {
      throw json.fault("'bias' is " + json.shown("bias") + ", which is not supported with " + json.text("peft_type", "")
          + "; merge the adapter where it was made");
    }
  }

  private static OftConfig readOft(ConfigReader json) {
    refuse(json, List.of("coft"));
    refuseBias(json);
    if (!json.has("oft_block_size")) {
      throw json.fault("no 'oft_block_size': PEFT before 0.14 turned outputs, which no later one reads; merge the adapter with "
          + "the PEFT that made it");
    }
    boolean series = json.flag("use_cayley_neumann", false);
    if (series && isOlderThanSeries(json.text("peft_version", "0"))) {
      throw json.fault("'use_cayley_neumann' is true, and 'peft_version' is " + json.shown("peft_version")
          + ": before 0.18 PEFT took another series; merge the adapter with the PEFT that made it");
    }
    int terms = series ? Math.max(1, json.integer("num_cayley_neumann_terms", 5, 0, 64)) : 0;
    return named(json, () -> new OftConfig(json.integer("r", 0, 0, Integer.MAX_VALUE),
        json.integer("oft_block_size", 32, 0, Integer.MAX_VALUE), json.flag("block_share", false), terms,
        (float) json.number("module_dropout", 0, Range.DROPOUT), targets(json), json.texts("modules_to_save")));
  }

  private static boolean isOlderThanSeries(String version) {
    Matcher matcher = Pattern.compile("(\\d{1,6})(?:\\.(\\d{1,6}))?.*").matcher(version);
    return !matcher.matches() || Integer.parseInt(matcher.group(1)) == 0
        && (matcher.group(2) == null || Integer.parseInt(matcher.group(2)) < 18);
  }

  private static LoraInit init(ConfigReader json) {
    return !json.has("init_lora_weights") ? LoraInit.KAIMING : LoraInit.stored(json.isText("init_lora_weights")
        ? json.text("init_lora_weights", "") : Boolean.toString(json.flag("init_lora_weights", true)));
  }

  private static Targets targets(ConfigReader json) {
    return new Targets(modules(json, "target_modules"), modules(json, "exclude_modules"),
        json.integers("layers_to_transform", 0, Integer.MAX_VALUE), json.texts("layers_pattern"));
  }

  /** Names of modules: a list of names, or one text that is a regular expression. */
  private static ModuleNames modules(ConfigReader json, String name) {
    boolean pattern = json.isText(name) && !json.text(name, "").equals(Targets.ALL_LINEAR);
    return new ModuleNames(json.texts(name), pattern);
  }

  private static void refuse(ConfigReader json, List<String> names) {
    for (String name : names) {
      if (json.isSet(name)) {
        throw json.fault("'" + name + "' is " + json.shown(name) + ", which is not supported; merge the "
            + "adapter with PEFT (merge_and_unload) and load that model");
      }
    }
  }

  /** What a value breaks is said with the name of the file. */
  private static <T extends AdapterConfig> T named(ConfigReader json, Supplier<T> config) {
    try {
      return config.get();
    } catch (IllegalArgumentException e) {
      throw json.fault(e.getMessage());
    }
  }
}
