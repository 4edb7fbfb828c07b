package dev.hone.nn.falcon;

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

/** What the files of Falcon say; those of Falcon 3 are Llamas. Source: Almazrouei and others 2023. */
public final class FalconConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("falcon");

  private FalconConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    int width = json.size("hidden_size");
    int heads = json.size("num_attention_heads");
    json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    boolean second = json.flag("new_decoder_architecture", false);
    boolean parallel = second || json.flag("parallel_attn", true);
    boolean alibi = json.flag("alibi", false);
    int kvHeads = second ? json.size("num_kv_heads", heads) : json.flag("multi_query", true) ? 1 : heads;
    json.requireMultiple("num_attention_heads", heads, "num_kv_heads", kvHeads);
    boolean bias = json.flag("bias", false);
    DecoderBuilder builder = new DecoderBuilder(json, "Falcon")
        .sizes(width, json.layers("num_hidden_layers"), heads, kvHeads, width / heads, json.size("ffn_hidden_size", 4 * width))
        .length(2048).names(new DecoderNames("transformer.", "word_embeddings", null, null, "h", "ln_f", "lm_head",
            block(json, second, parallel)))
        .norm(Kind.LAYER, "layer_norm_epsilon", 1e-5).order(parallel ? BlockOrder.PARALLEL : BlockOrder.IN_TURN)
        .activation("activation", "gelu").biases(bias, bias, bias).byGroups().tied(true)
        .dropout(null, "hidden_dropout", 0)
        .targets(new AdapterTargets(List.of("query_key_value"), List.of("query_key_value", "dense_4h_to_h"),
            List.of("input_layernorm", "post_attention_layernorm", "ln_f"), "self_attention.dense", "mlp.dense_4h_to_h"));
    return (alibi ? builder.linearBias(1 / Math.sqrt(width / heads), true) : builder.rope(10_000, Double.NaN)).build();
  }

  /** Side by side there is one norm for both, or one for each. */
  private static BlockNames block(ConfigReader json, boolean second, boolean parallel) {
    BlockNames block = BlockNames.LLAMA.withFusedAttention("self_attention", "query_key_value", "dense")
        .withFeedForward("mlp", "dense_h_to_4h", "dense_4h_to_h");
    return !parallel ? block
        : second && json.integer("num_ln_in_parallel_attn", 2, 1, 2) == 2 ? block.withNorms("ln_attn", null, "ln_mlp", null)
            : block.withNorms("input_layernorm", null, null, null);
  }
}
