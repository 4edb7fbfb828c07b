package dev.hone.nn.bloom;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import java.util.List;
import java.util.Set;

/** What the files of BLOOM say. Source: BigScience Workshop 2022. */
public final class BloomConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("bloom");

  private static final BlockNames BLOCK = BlockNames.LLAMA.withFusedAttention("self_attention", "query_key_value", "dense")
      .withFeedForward("mlp", "dense_h_to_4h", "dense_4h_to_h");
  private static final int LONGEST = 1 << 16; // linear biases have no bound, tables of them do

  private BloomConfig() {}

  /** Reads {@code config.json}. */
  public static DecoderConfig read(ConfigReader json) {
    if (json.flag("apply_residual_connection_post_layernorm", false)) {
      throw json.fault("'apply_residual_connection_post_layernorm' is true; known: false");
    }
    String widthKey = json.has("n_embed") ? "n_embed" : "hidden_size";
    String headsKey = json.has("num_attention_heads") ? "num_attention_heads" : "n_head";
    int width = json.size(widthKey);
    int heads = json.size(headsKey);
    json.requireMultiple(widthKey, width, headsKey, heads);
    return new DecoderBuilder(json, "Bloom")
        .sizes(width, json.layers(json.has("num_hidden_layers") ? "num_hidden_layers" : "n_layer"), heads, heads, width / heads,
            4 * width)
        .maxLength(json.size("seq_length", LONGEST))
        .names(new DecoderNames("transformer.", "word_embeddings", null, "word_embeddings_layernorm", "h", "ln_f", "lm_head",
            BLOCK))
        .norm(Kind.LAYER, "layer_norm_epsilon", 1e-5).activation(Activation.GELU_TANH).biases(true, true, true).byGroups()
        .linearBias(1, false).tied(true).dropout(null, "hidden_dropout", 0)
        .targets(new AdapterTargets(List.of("query_key_value"), List.of("query_key_value", "mlp.dense_4h_to_h"),
            List.of("input_layernorm", "post_attention_layernorm", "ln_f"), "self_attention.dense", "mlp.dense_4h_to_h")).build();
  }
}
