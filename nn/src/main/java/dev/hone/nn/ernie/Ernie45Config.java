package dev.hone.nn.ernie;

import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import java.util.Set;

/** What the files of ERNIE 4.5 say. Source: Baidu 2025. */
public final class Ernie45Config {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("ernie4_5");

  private Ernie45Config() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    boolean bias = json.flag("use_bias", false);
    return new DecoderBuilder(json, "Ernie4_5").sizes(2, json.names("head_dim") ? 0 : 128).length(131_072)
        .norm(Kind.RMS, "rms_norm_eps", 1e-5).activation("hidden_act", "silu").biases(bias, bias, bias).rope(500_000, Double.NaN)
        .interleaved().tied(true).padding(0).build();
  }
}
