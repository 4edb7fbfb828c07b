package dev.hone.nn.hunyuan;

import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.Set;

/** What the files of dense Hunyuan models say. Source: Tencent 2025. */
public final class HunyuanConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("hunyuan_v1_dense");

  private HunyuanConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    boolean bias = json.flag("attention_bias", false);
    DecoderBuilder builder = new DecoderBuilder(json, "HunYuanDenseV1").sizes(0, 0).length(2048)
        .names(DecoderNames.LLAMA.withBlock(BlockNames.LLAMA.withHeadNorms("query_layernorm", "key_layernorm")))
        .headNormsLast().norm(Kind.RMS, "rms_norm_eps", 1e-5).activation("hidden_act", "silu").biases(bias, bias, false)
        .padding(0);
    ConfigReader scaling = json.section("rope_scaling");
    ConfigReader rope = scaling.tree().isEmpty() ? json.section("rope_parameters") : scaling;
    if (!rope.text("rope_type", rope.text("type", "default")).equals("dynamic") || !rope.has("alpha")) {
      return builder.rope(10_000, Double.NaN).build();
    }
    // dynamic scaling by alpha is a larger base
    int headDim = builder.headDim();
    double base = rope.number("rope_theta", json.number("rope_theta", 10_000, Rope.BASE), Rope.BASE)
        * Math.pow(rope.number("alpha", 1, Range.POSITIVE), headDim / (headDim - 2.0));
    return builder.rope(Rope.plain(base, headDim)).build();
  }
}
