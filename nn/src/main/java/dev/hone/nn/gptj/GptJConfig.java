package dev.hone.nn.gptj;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.BlockOrder;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import java.util.List;
import java.util.Set;

/** What the files of GPT-J say. Source: Wang and Komatsuzaki 2021. */
public final class GptJConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("gptj");

  private GptJConfig() {}

  private static final BlockNames BLOCK = BlockNames.LLAMA.withNorms("ln_1", null, null, null).withAttention("attn", "out_proj")
      .withFeedForward("mlp", "fc_in", "fc_out");

  /** Reads {@code config.json}. */
  public static DecoderConfig read(ConfigReader json) {
    int width = json.size("n_embd");
    int heads = json.size("n_head");
    json.requireMultiple("n_embd", width, "n_head", heads);
    int rotary = json.names("rotary_dim") ? json.required("rotary_dim", 2, width / heads) : Math.min(64, width / heads);
    return new DecoderBuilder(json, "GPTJ")
        .sizes(width, json.layers("n_layer"), heads, heads, width / heads, json.size("n_inner", 4 * width))
        .maxLength(json.size("n_positions", 2048)).names(DecoderNames.gpt(null, BLOCK)).order(BlockOrder.PARALLEL)
        .norm(Kind.LAYER, "layer_norm_epsilon", 1e-5).activation("activation_function", "gelu_new").biases(false, false, true)
        .headBias().rope(Rope.plain(10_000, rotary)).interleaved().dropout("embd_pdrop", "resid_pdrop", 0)
        .attentionDropout("attn_pdrop", 0).buffers(".attn.bias", ".attn.masked_bias")
        .targets(new AdapterTargets(List.of("q_proj", "v_proj"), List.of("q_proj", "v_proj", "fc_out"), List.of("ln_1", "ln_f"),
            "attn.out_proj", "mlp.fc_out")).build();
  }
}
