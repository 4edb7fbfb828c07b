package dev.hone.nn.load;

import dev.hone.core.HoneException;
import dev.hone.nn.albert.AlbertConfig;
import dev.hone.nn.bert.BertConfig;
import dev.hone.nn.bloom.BloomConfig;
import dev.hone.nn.cohere.CohereConfig;
import dev.hone.nn.deberta.DebertaConfig;
import dev.hone.nn.ernie.Ernie45Config;
import dev.hone.nn.eurobert.EuroBertConfig;
import dev.hone.nn.exaone.Exaone4Config;
import dev.hone.nn.falcon.FalconConfig;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.FamilyConfig;
import dev.hone.nn.gemma.GemmaConfig;
import dev.hone.nn.glm.Glm4Config;
import dev.hone.nn.gpt2.Gpt2Config;
import dev.hone.nn.gptj.GptJConfig;
import dev.hone.nn.gptneo.GptNeoConfig;
import dev.hone.nn.granite.GraniteConfig;
import dev.hone.nn.hunyuan.HunyuanConfig;
import dev.hone.nn.llama.LlamaConfig;
import dev.hone.nn.ministral.MinistralConfig;
import dev.hone.nn.modernbert.ModernBertConfig;
import dev.hone.nn.mpnet.MpnetConfig;
import dev.hone.nn.neox.NeoxConfig;
import dev.hone.nn.olmo.OlmoConfig;
import dev.hone.nn.opt.OptConfig;
import dev.hone.nn.phi.PhiConfig;
import dev.hone.nn.rotarybert.RotaryBertConfig;
import dev.hone.nn.smollm.SmolLm3Config;
import dev.hone.nn.stablelm.StableLmConfig;
import dev.hone.nn.starcoder.Starcoder2Config;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A family of models: which configurations are its own, and how they are read. All else is what its {@link FamilyConfig} says.
 *
 * @param modelTypes the values of {@code model_type} that it reads
 * @param reader reads {@code config.json} and refuses what the family does not compute
 */
public record ModelFamily(Set<String> modelTypes, Function<ConfigReader, FamilyConfig> reader) {
  /** All families. A new one is its package and its line here. */
  static final List<ModelFamily> ALL = List.of(
      new ModelFamily(BertConfig.MODEL_TYPES, BertConfig::read),
      new ModelFamily(AlbertConfig.MODEL_TYPES, AlbertConfig::read),
      new ModelFamily(ModernBertConfig.MODEL_TYPES, ModernBertConfig::read),
      new ModelFamily(MpnetConfig.MODEL_TYPES, MpnetConfig::read),
      new ModelFamily(DebertaConfig.MODEL_TYPES, DebertaConfig::read),
      new ModelFamily(EuroBertConfig.MODEL_TYPES, EuroBertConfig::read),
      new ModelFamily(RotaryBertConfig.MODEL_TYPES, RotaryBertConfig::read),
      new ModelFamily(LlamaConfig.MODEL_TYPES, LlamaConfig::read),
      new ModelFamily(MinistralConfig.MODEL_TYPES, MinistralConfig::read),
      new ModelFamily(GemmaConfig.MODEL_TYPES, GemmaConfig::read),
      new ModelFamily(SmolLm3Config.MODEL_TYPES, SmolLm3Config::read),
      new ModelFamily(OlmoConfig.MODEL_TYPES, OlmoConfig::read),
      new ModelFamily(GraniteConfig.MODEL_TYPES, GraniteConfig::read),
      new ModelFamily(PhiConfig.MODEL_TYPES, PhiConfig::read),
      new ModelFamily(StableLmConfig.MODEL_TYPES, StableLmConfig::read),
      new ModelFamily(NeoxConfig.MODEL_TYPES, NeoxConfig::read),
      new ModelFamily(OptConfig.MODEL_TYPES, OptConfig::read),
      new ModelFamily(FalconConfig.MODEL_TYPES, FalconConfig::read),
      new ModelFamily(Starcoder2Config.MODEL_TYPES, Starcoder2Config::read),
      new ModelFamily(Glm4Config.MODEL_TYPES, Glm4Config::read),
      new ModelFamily(CohereConfig.MODEL_TYPES, CohereConfig::read),
      new ModelFamily(Exaone4Config.MODEL_TYPES, Exaone4Config::read),
      new ModelFamily(Ernie45Config.MODEL_TYPES, Ernie45Config::read),
      new ModelFamily(HunyuanConfig.MODEL_TYPES, HunyuanConfig::read),
      new ModelFamily(Gpt2Config.MODEL_TYPES, Gpt2Config::read),
      new ModelFamily(BloomConfig.MODEL_TYPES, BloomConfig::read),
      new ModelFamily(GptJConfig.MODEL_TYPES, GptJConfig::read),
      new ModelFamily(GptNeoConfig.MODEL_TYPES, GptNeoConfig::read));

  /** What is known and not read yet, by what it is. */
  private static final Map<String, Set<String>> NOT_YET = Map.of(
      "mixtures of experts", Set.of("mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss", "granitemoe", "granitemoeshared", "olmoe",
          "flex_olmo", "phimoe", "dbrx", "deepseek_v2", "deepseek_v3", "glm4_moe", "ernie4_5_moe", "hunyuan_v1_moe", "llama4",
          "llama4_text", "minimax", "dots1", "arctic"),
      "state spaces and linear attention", Set.of("mamba", "mamba2", "falcon_mamba", "falcon_h1", "jamba", "zamba", "zamba2",
          "bamba", "rwkv", "recurrent_gemma", "nemotron_h", "granitemoehybrid", "lfm2", "qwen3_next", "qwen3_5", "qwen3_5_text",
          "qwen3_5_moe", "xlstm"),
      "encoders with decoders", Set.of("t5", "mt5", "umt5", "longt5", "switch_transformers", "bart", "mbart", "pegasus", "marian",
          "m2m_100", "led", "blenderbot", "prophetnet", "t5gemma", "whisper"),
      "embeddings of every layer", Set.of("gemma3n", "gemma3n_text", "gemma4", "gemma4_text"));

  /** The configuration of a model, by the family that its {@code model_type} names. */
  static FamilyConfig read(ConfigReader json) {
    String type = json.text("model_type", "");
    return ALL.stream().filter(family -> family.modelTypes.contains(type)).findFirst().orElseThrow(() -> unknown(json, type))
        .reader.apply(json);
  }

  private static HoneException unknown(ConfigReader json, String type) {
    for (Map.Entry<String, Set<String>> kind : NOT_YET.entrySet()) {
      if (kind.getValue().contains(type)) {
        return json.fault("'model_type' is '" + type + "': " + kind.getKey() + " are not read yet");
      }
    }
    return json.unknown("model_type", type,
        ALL.stream().flatMap(family -> family.modelTypes.stream()).collect(Collectors.toSet()));
  }
}
