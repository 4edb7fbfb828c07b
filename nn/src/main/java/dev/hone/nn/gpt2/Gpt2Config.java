package dev.hone.nn.gpt2;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import java.util.List;
import java.util.Set;

/** What the files of GPT-2 say. Source: Radford and others 2019. */
public final class Gpt2Config {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("gpt2");

  private Gpt2Config() {}

  /** Parts of a layer; GPT-Neo and GPT-J call some of them otherwise. */
  private static final BlockNames BLOCK = BlockNames.LLAMA.withNorms("ln_1", null, "ln_2", null)
      .withFusedAttention("attn", "c_attn", "c_proj").withFeedForward("mlp", "c_fc", "c_proj");

  /** Reads {@code config.json}. */
  public static DecoderConfig read(ConfigReader json) {
    int width = json.size("n_embd");
    int heads = json.size("n_head");
    json.requireMultiple("n_embd", width, "n_head", heads);
    boolean byLayer = json.flag("scale_attn_by_inverse_layer_idx", false);
    double scale = json.flag("scale_attn_weights", true) ? 1 / Math.sqrt(width / heads) : 1;
    return new DecoderBuilder(json, "GPT2")
        .sizes(width, json.layers("n_layer"), heads, heads, width / heads, json.size("n_inner", 4 * width))
        .maxLength(json.has("n_positions") ? json.size("n_positions") : json.size("n_ctx"))
        .names(DecoderNames.gpt("wpe", BLOCK)).causalName("LMHeadModel").norm(Kind.LAYER, "layer_norm_epsilon", 1e-5)
        .activation("activation_function", "gelu_new").inputsFirst().scales(layer -> scale / (byLayer ? layer + 1 : 1)).tied(true)
        .dropout("embd_pdrop", "resid_pdrop", 0.1).attentionDropout("attn_pdrop", 0.1)
        .buffers(".attn.bias", ".attn.masked_bias") // the causal masks
        .targets(new AdapterTargets(List.of("c_attn"), List.of("c_attn", "mlp.c_proj"), List.of("ln_1", "ln_2", "ln_f"),
            "attn.c_proj", "mlp.c_proj")).build();
  }
}
