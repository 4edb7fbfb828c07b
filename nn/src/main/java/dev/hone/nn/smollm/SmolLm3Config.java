package dev.hone.nn.smollm;

import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/** What the files of SmolLM3 say; those of SmolLM 1 and 2 are Llamas. */
public final class SmolLm3Config {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("smollm3");

  private SmolLm3Config() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    boolean bias = json.flag("attention_bias", false);
    DecoderBuilder builder = new DecoderBuilder(json, "SmolLM3").sizes(4, 0).length(32_768).norm(Kind.RMS, "rms_norm_eps", 1e-6)
        .activation("hidden_act", "silu").biases(bias, bias, json.flag("mlp_bias", false)).tied(true).padding(128_004);
    int interval = json.size("no_rope_layer_interval", 4);
    List<Integer> turned = json.integers("no_rope_layers", 0, 1); // 1 where queries and keys are turned
    if (!turned.isEmpty() && turned.size() < builder.layers()) {
      throw json.fault("'no_rope_layers' has " + turned.size() + " entries for " + builder.layers() + " layers");
    }
    IntPredicate turns = layer -> turned.isEmpty() ? (layer + 1) % interval != 0 : turned.get(layer) == 1;
    boolean sliding = json.flag("use_sliding_window", false);
    Rope rope = Rope.read(json, 2_000_000, Double.NaN, builder.headDim(), builder.maxLength());
    return builder.ropes(layer -> turns.test(layer) ? rope : null)
        .windows(sliding ? json.integer("sliding_window", Integer.MAX_VALUE, 1, Integer.MAX_VALUE) : Integer.MAX_VALUE,
            layer -> !turns.test(layer)).build();
  }
}
