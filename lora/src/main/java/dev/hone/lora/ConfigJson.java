package dev.hone.lora;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code adapter_config.json}: every setting of PEFT that changes what an adapter computes, read and written. */
final class ConfigJson {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private ConfigJson() {}

  /** A configuration as it is written for an adapter. */
  static ObjectNode write(AdapterConfig config, Adapter adapter, String base) {
    ObjectNode tree = JSON.createObjectNode();
    tree.put("base_model_name_or_path", base);
    tree.put("inference_mode", true);
    tree.put("peft_type", config.peftType());
    tree.put("task_type", switch (adapter.model().task()) {
      case SEQUENCE_CLASSIFICATION -> "SEQ_CLS";
      case CAUSAL_LM -> "CAUSAL_LM";
      case EMBEDDING -> "FEATURE_EXTRACTION";
    });
    list(tree, "modules_to_save", config.modulesToSave());
    switch (config) {
      case LoraConfig lora -> writeLora(tree, lora, adapter);
    }
    return tree;
  }

  private static void writeLora(ObjectNode tree, LoraConfig lora, Adapter adapter) {
    tree.put("r", lora.r());
    number(tree, "lora_alpha", lora.alpha());
    tree.put("lora_dropout", decimal(lora.dropout()));
    tree.put("bias", lora.bias().name().toLowerCase(Locale.ROOT));
    tree.put("use_rslora", lora.rslora());
    tree.put("use_dora", lora.dora());
    tree.put("fan_in_fan_out", adapter.fanInFanOut());
    ObjectNode ranks = tree.putObject("rank_pattern");
    lora.rankPattern().forEach(ranks::put);
    ObjectNode alphas = tree.putObject("alpha_pattern");
    lora.alphaPattern().forEach((name, alpha) -> number(alphas, name, alpha));
    switch (lora.init().toString()) {
      case "true" -> tree.put("init_lora_weights", true);
      case "false" -> tree.put("init_lora_weights", false);
      default -> tree.put("init_lora_weights", lora.init().toString());
    }
    writeTargets(tree, lora.targets(), adapter);
  }

  private static void writeTargets(ObjectNode tree, Targets targets, Adapter adapter) {
    if (targets.allLinear()) { // short names could also match the head
      list(tree, "target_modules", adapter.targets().stream().sorted().toList());
    } else {
      modules(tree, "target_modules", targets.modules());
    }
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
  static AdapterConfig read(JsonFields json) {
    String type = json.text("peft_type", "");
    return switch (type) {
      case LoraConfig.TYPE -> readLora(json);
      default -> throw new AdapterException(json.file() + ": peft_type is '" + type + "'; known: " + LoraConfig.TYPE);
    };
  }

  private static LoraConfig readLora(JsonFields json) {
    refuse(json, List.of("lora_bias", "use_qalora", "use_bdlora", "layer_replication", "target_parameters",
        "trainable_token_indices", "alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config",
        "velora_config", "megatron_config"));
    return named(json, () -> new LoraConfig(json.whole("r"), json.number("lora_alpha", 8),
        (float) json.number("lora_dropout", 0), targets(json), json.texts("modules_to_save"), bias(json),
        json.numbers("rank_pattern", JsonNode::asInt), json.numbers("alpha_pattern", JsonNode::asDouble),
        json.flag("use_rslora"), json.flag("use_dora"), init(json)));
  }

  private static LoraConfig.Bias bias(JsonFields json) {
    String bias = json.text("bias", "none");
    for (LoraConfig.Bias known : LoraConfig.Bias.values()) {
      if (known.name().toLowerCase(Locale.ROOT).equals(bias)) {
        return known;
      }
    }
    throw new AdapterException(json.file() + ": 'bias' is '" + bias + "'; known: none, all, lora_only");
  }

  private static LoraInit init(JsonFields json) {
    JsonNode value = json.tree().path("init_lora_weights");
    return value.isMissingNode() || value.isNull() ? LoraInit.KAIMING : LoraInit.parse(value.asString());
  }

  private static Targets targets(JsonFields json) {
    return new Targets(json.modules("target_modules"), json.modules("exclude_modules"), json.wholes("layers_to_transform"),
        json.texts("layers_pattern"));
  }

  private static void refuse(JsonFields json, List<String> names) {
    for (String name : names) {
      if (json.isSet(name)) {
        throw new AdapterException(json.file() + ": '" + name + "' is " + json.tree().path(name) + ", which is not supported");
      }
    }
  }

  /** What a value breaks is said with the name of the file. */
  private static <T extends AdapterConfig> T named(JsonFields json, Supplier<T> config) {
    try {
      return config.get();
    } catch (IllegalArgumentException e) {
      throw new AdapterException(json.file() + ": " + e.getMessage(), e);
    }
  }
}
