package dev.hone.nn.exaone;

import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import java.util.Set;

/** What the files of EXAONE 4 say. Source: LG AI Research 2025. */
public final class Exaone4Config {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("exaone4");

  private Exaone4Config() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    int all = Integer.MAX_VALUE;
    DecoderBuilder builder = new DecoderBuilder(json, "Exaone4").sizes(32, 0).length(2048)
        .names(DecoderNames.LLAMA.withBlock(BlockNames.LLAMA
            .withNorms(null, "post_attention_layernorm", null, "post_feedforward_layernorm").withHeadNorms("q_norm", "k_norm")))
        .norm(Kind.RMS, "rms_norm_eps", 1e-5).activation("hidden_act", "silu");
    int window = json.integer("sliding_window", json.names("sliding_window") ? all : 4096, 1, all);
    int pattern = window == all || json.isText("sliding_window_pattern") ? 1 : json.size("sliding_window_pattern", 4);
    if (json.isText("sliding_window_pattern") && json.texts("layer_types").isEmpty()) {
      throw json.fault("'sliding_window_pattern' is " + json.shown("sliding_window_pattern") + " and 'layer_types' is missing");
    }
    Rope rope = Rope.read(json, 10_000, Double.NaN, builder.headDim(), builder.maxLength());
    return builder.windows(window, layer -> (layer + 1) % pattern != 0)
        .ropes(layer -> window == all || builder.windows().get(layer) != all ? rope : null).build();
  }
}
