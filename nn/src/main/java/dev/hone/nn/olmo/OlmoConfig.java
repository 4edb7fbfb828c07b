package dev.hone.nn.olmo;

import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.LayerTypes;
import dev.hone.nn.decoder.NormForm.HeadNorms;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.List;
import java.util.Set;

/** What the files of OLMo say. Source: Groeneveld and others 2024; Team OLMo 2024, 2025. */
public final class OlmoConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("olmo", "olmo2", "olmo3");

  private OlmoConfig() {}

  private static final double THETA = 500_000;

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    String type = json.text("model_type", "");
    boolean bias = json.flag("attention_bias", false);
    DecoderBuilder builder = new DecoderBuilder(json, type.equals("olmo") ? "Olmo" : type.equals("olmo2") ? "Olmo2" : "Olmo3")
        .sizes(0, 0).length(2048).activation("hidden_act", "silu").biases(bias, bias, false).padding(1);
    if (type.equals("olmo")) {
      return builder.fixedNorm(Kind.LAYER_ALONE, 1e-5).rope(10_000, Double.NaN).clip(json.number("clip_qkv", 0, Range.POSITIVE))
          .build();
    }
    builder.norm(Kind.RMS, "rms_norm_eps", 1e-5).headNorms(HeadNorms.TOGETHER).names(DecoderNames.LLAMA.withBlock(
        BlockNames.LLAMA.withNorms(null, "post_attention_layernorm", null, "post_feedforward_layernorm")
            .withHeadNorms("q_norm", "k_norm")));
    return type.equals("olmo2") ? builder.rope(10_000, Double.NaN).build() : third(json, builder).build();
  }

  /** Layers that see a window are turned without scaling, and by the usual base unless transformers 5 has written another. */
  private static DecoderBuilder third(ConfigReader json, DecoderBuilder builder) {
    ConfigReader parameters = json.section("rope_parameters");
    ConfigReader scaling = json.section("rope_scaling");
    Rope global = Rope.read(scaling.tree().isEmpty() ? parameters.section(LayerTypes.FULL) : scaling,
        json.number("rope_theta", THETA, Rope.BASE), builder.headDim(), builder.maxLength());
    Rope local = Rope.read(parameters.section(LayerTypes.SLIDING), THETA, builder.headDim(), builder.maxLength());
    int all = Integer.MAX_VALUE;
    int window = json.integer("sliding_window", json.names("sliding_window") ? all : 4096, 1, all);
    List<Boolean> slides = LayerTypes.slides(json, builder.layers(), layer -> (layer + 1) % 4 != 0);
    return builder.windows(slides.stream().map(each -> each ? window : all).toList())
        .ropes(layer -> slides.get(layer) ? local : global);
  }
}
