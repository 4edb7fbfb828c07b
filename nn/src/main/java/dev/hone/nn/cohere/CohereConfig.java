package dev.hone.nn.cohere;

import dev.hone.nn.decoder.BlockOrder;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.HeadNorms;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.Set;

/** What the files of Command R say. */
public final class CohereConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("cohere", "cohere2");

  private CohereConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    boolean second = json.text("model_type", "").equals("cohere2");
    boolean bias = json.flag("attention_bias", false);
    BlockNames block = BlockNames.LLAMA.withNorms("input_layernorm", null, null, null);
    boolean normed = !second && json.flag("use_qk_norm", false);
    DecoderBuilder builder = new DecoderBuilder(json, second ? "Cohere2" : "Cohere").sizes(0, 0);
    builder.length(8192).names(DecoderNames.LLAMA.withBlock(normed ? block.withHeadNorms("q_norm", "k_norm") : block))
        .headNorms(HeadNorms.EACH_ITS_OWN).norm(Kind.LAYER_WITHOUT_BIAS, "layer_norm_eps", 1e-5).order(BlockOrder.PARALLEL)
        .activation("hidden_act", "silu").biases(bias, bias, false).interleaved()
        .logitScale(json.number("logit_scale", 0.0625, Range.POSITIVE)).tied(true).padding(0);
    return second ? windows(json, builder).build() : builder.rope(500_000, Double.NaN).build();
  }

  private static DecoderBuilder windows(ConfigReader json, DecoderBuilder builder) {
    int all = Integer.MAX_VALUE;
    int pattern = json.size("sliding_window_pattern", 4);
    Rope rope = Rope.read(json, 10_000, Double.NaN, builder.headDim(), builder.maxLength());
    return builder.windows(json.integer("sliding_window", json.names("sliding_window") ? all : 4096, 1, all),
        layer -> (layer + 1) % pattern != 0).ropes(layer -> builder.windows().get(layer) == all ? null : rope);
  }
}
