package dev.hone.nn.opt;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.BlockOrder;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.List;
import java.util.Set;

/** What the files of OPT say. Source: Zhang and others 2022. */
public final class OptConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("opt");

  private OptConfig() {}

  private static final BlockNames BLOCK = BlockNames.LLAMA.withNorms("self_attn_layer_norm", null, "final_layer_norm", null)
      .withAttention("self_attn", "out_proj").withFeedForward("", "fc1", "fc2");

  /** Reads {@code config.json}. */
  public static DecoderConfig read(ConfigReader json) {
    int width = json.size("hidden_size");
    int heads = json.size("num_attention_heads");
    json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    boolean before = json.flag("do_layer_norm_before", true);
    boolean bias = json.flag("enable_bias", true);
    String norm = before && !json.flag("_remove_final_layer_norm", false) ? "decoder.final_layer_norm" : null;
    return new DecoderBuilder(json, "OPT")
        .sizes(width, json.layers("num_hidden_layers"), heads, heads, width / heads, json.size("ffn_dim")).length(2048)
        .embeddingSize(json.size("word_embed_proj_dim", width)).firstPosition(2)
        .names(new DecoderNames("model.", "decoder.embed_tokens", "decoder.embed_positions", null, "decoder.layers", norm,
            "lm_head", BLOCK))
        .fixedNorm(json.flag("layer_norm_elementwise_affine", true) ? Kind.LAYER : Kind.LAYER_ALONE, 1e-5)
        .order(before ? BlockOrder.IN_TURN : BlockOrder.NORM_OF_SUM).activation("activation_function", "relu")
        .biases(bias, bias, bias).tied(true).padding(1).dropout(null, "dropout", 0.1)
        .deviation(json.number("init_std", 0.02, Range.NOT_NEGATIVE))
        .targets(new AdapterTargets(List.of("q_proj", "v_proj"), List.of("q_proj", "k_proj", "fc2"), List.of(),
            "self_attn.out_proj", "fc2")).build();
  }
}
