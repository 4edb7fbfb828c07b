package dev.hone.nn.phi;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.BlockOrder;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import java.util.List;
import java.util.Set;

/** What the files of Phi before the third say. Source: Li and others 2023. */
public final class PhiConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("phi");

  private PhiConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    BlockNames block = BlockNames.LLAMA.withNorms("input_layernorm", null, null, null).withAttention("self_attn", "dense")
        .withFeedForward("mlp", "fc1", "fc2");
    boolean normed = json.flag("qk_layernorm", false);
    return new DecoderBuilder(json, "Phi").sizes(0, 0).length(2048)
        .names(DecoderNames.LLAMA.withBlock(normed ? block.withHeadNorms("q_layernorm", "k_layernorm") : block)
            .withNorm("final_layernorm"))
        .norm(Kind.LAYER, "layer_norm_eps", 1e-5).order(BlockOrder.PARALLEL).activation("hidden_act", "gelu_new")
        .biases(true, true, true).headBias().rope(10_000, 0.5).dropout("embd_pdrop", "resid_pdrop", 0)
        .targets(new AdapterTargets(List.of("q_proj", "v_proj", "fc1", "fc2"), List.of("q_proj", "v_proj", "fc2"),
            List.of("input_layernorm", "final_layernorm"), "self_attn.dense", "mlp.fc2")).build();
  }
}
