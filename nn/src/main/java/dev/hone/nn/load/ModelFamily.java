package dev.hone.nn.load;

import dev.hone.core.HoneException;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.bert.BertConfig;
import dev.hone.nn.gemma.GemmaConfig;
import dev.hone.nn.gpt2.Gpt2Config;
import dev.hone.nn.llama.LlamaConfig;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A family of models: which configurations are its own, and how they are read. All else is what its {@link ModelConfig} says.
 *
 * @param modelTypes the values of {@code model_type} that it reads
 * @param reader reads {@code config.json} and refuses what the family does not compute
 */
public record ModelFamily(Set<String> modelTypes, Function<ConfigReader, ModelConfig> reader) {
  /** All families. A new one is its package and its line here. */
  static final List<ModelFamily> ALL = List.of(
      new ModelFamily(BertConfig.MODEL_TYPES, BertConfig::read),
      new ModelFamily(LlamaConfig.MODEL_TYPES, LlamaConfig::read),
      new ModelFamily(GemmaConfig.MODEL_TYPES, GemmaConfig::read),
      new ModelFamily(Gpt2Config.MODEL_TYPES, Gpt2Config::read));

  /** The configuration of a model, by the family that its {@code model_type} names. */
  static ModelConfig read(ConfigReader json) {
    String type = json.text("model_type", "");
    return ALL.stream().filter(family -> family.modelTypes.contains(type)).findFirst().orElseThrow(() -> unknown(json, type))
        .reader.apply(json);
  }

  private static HoneException unknown(ConfigReader json, String type) {
    return json.unknown("model_type", type,
        ALL.stream().flatMap(family -> family.modelTypes.stream()).collect(Collectors.toSet()));
  }
}
