package dev.hone.nn.stablelm;

import dev.hone.nn.decoder.BlockOrder;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.HeadNorms;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import java.util.Set;

/** What the files of StableLM say. Source: Bellagente and others 2024. */
public final class StableLmConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("stablelm");

  private StableLmConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    boolean parallel = json.flag("use_parallel_residual", false);
    BlockNames block = parallel ? BlockNames.LLAMA.withNorms("input_layernorm", null, null, null) : BlockNames.LLAMA;
    boolean normed = json.flag("qk_layernorm", false);
    return new DecoderBuilder(json, "StableLm").sizes(32, 0).length(4096)
        .names(DecoderNames.LLAMA.withBlock(normed ? block.withHeadNorms("q_layernorm", "k_layernorm") : block))
        .headNorms(HeadNorms.LISTED).norm(Kind.LAYER, "layer_norm_eps", 1e-5)
        .order(parallel ? BlockOrder.PARALLEL : BlockOrder.IN_TURN).activation("hidden_act", "silu")
        .biases(json.flag("use_qkv_bias", false), false, false).rope(10_000, 0.25).dropout(null, "hidden_dropout", 0).build();
  }
}
