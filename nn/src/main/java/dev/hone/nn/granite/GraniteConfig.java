package dev.hone.nn.granite;

import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.Set;

/** What the files of Granite say. Source: Granite Team 2024. */
public final class GraniteConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("granite");

  private GraniteConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    boolean bias = json.flag("attention_bias", false);
    return new DecoderBuilder(json, "Granite").sizes(0, 0).length(2048).norm(Kind.RMS, "rms_norm_eps", 1e-6)
        .activation("hidden_act", "silu").biases(bias, bias, json.flag("mlp_bias", false)).rope(10_000, Double.NaN)
        .embeddingScale(json.number("embedding_multiplier", 1, Range.POSITIVE))
        .residualScale(json.number("residual_multiplier", 1, Range.POSITIVE))
        .scale(json.number("attention_multiplier", 1, Range.POSITIVE))
        .logitScale(1 / json.number("logits_scaling", 1, Range.POSITIVE)).build();
  }
}
