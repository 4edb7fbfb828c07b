package dev.hone.nn.ministral;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.Set;

/** What the files of Ministral say. */
public final class MinistralConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("ministral", "ministral3", "mistral3");

  private MinistralConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    int all = Integer.MAX_VALUE;
    AdapterTargets targets = AdapterTargets.USUAL.withNorms("input_layernorm", "post_attention_layernorm", "norm");
    if (json.text("model_type", "").equals("ministral")) {
      int window = json.integer("sliding_window", json.names("sliding_window") ? all : 4096, 1, all);
      return new DecoderBuilder(json, "Ministral").sizes(8, 0).length(131_072).norm(Kind.RMS, "rms_norm_eps", 1e-6)
          .activation("hidden_act", "silu").rope(10_000, Double.NaN).windows(window, _ -> true).targets(targets).build();
    }
    if (json.text("model_type", "").equals("mistral3")) {
      ConfigReader text = json.section("text_config");
      if (!text.text("model_type", "mistral").equals("ministral3")) {
        throw json.unknown("text_config: model_type", text.text("model_type", "mistral"), Set.of("ministral3"));
      }
      return third(text, targets).textPart(json, "Mistral3").build();
    }
    return third(json, targets).build();
  }

  private static DecoderBuilder third(ConfigReader json, AdapterTargets targets) {
    ConfigReader rope = json.section("rope_parameters");
    if (rope.tree().isEmpty()) {
      throw json.fault("'rope_parameters' is missing");
    }
    return new DecoderBuilder(json, "Ministral3").sizes(8, json.names("head_dim") ? 0 : 128).length(262_144)
        .norm(Kind.RMS, "rms_norm_eps", 1e-5).activation("hidden_act", "silu").padding(11).rope(1_000_000, Double.NaN)
        .window(json.integer("sliding_window", Integer.MAX_VALUE, 1, Integer.MAX_VALUE))
        .growth(rope.number("llama_4_scaling_beta", 0, Range.NOT_NEGATIVE), rope.size("original_max_position_embeddings", 16_384))
        .targets(targets);
  }
}
