package dev.hone.nn.neox;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.BlockOrder;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.List;
import java.util.Set;

/** What the files of GPT-NeoX say, and so those of Pythia. Source: Black and others 2022; Biderman and others 2023. */
public final class NeoxConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("gpt_neox");

  private NeoxConfig() {}

  private static final BlockNames BLOCK = BlockNames.LLAMA.withFusedAttention("attention", "query_key_value", "dense")
      .withFeedForward("mlp", "dense_h_to_4h", "dense_4h_to_h");

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    int width = json.size("hidden_size");
    int heads = json.size("num_attention_heads");
    json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    boolean bias = json.flag("attention_bias", true);
    return new DecoderBuilder(json, "GPTNeoX")
        .sizes(width, json.layers("num_hidden_layers"), heads, heads, width / heads, json.size("intermediate_size")).length(2048)
        .names(new DecoderNames("gpt_neox.", "embed_in", null, null, "layers", "final_layer_norm", "embed_out", BLOCK))
        .norm(Kind.LAYER, "layer_norm_eps", 1e-5)
        .order(json.flag("use_parallel_residual", true) ? BlockOrder.PARALLEL : BlockOrder.IN_TURN)
        .activation("hidden_act", "gelu").biases(bias, bias, true).byGroups()
        .rope(json.number("rotary_emb_base", 10_000, Rope.BASE), json.number("rotary_pct", 0.25, Range.FRACTION))
        .dropout("hidden_dropout", "hidden_dropout", 0).buffers(".attention.bias", ".attention.masked_bias")
        .targets(new AdapterTargets(List.of("query_key_value"), List.of("query_key_value", "dense_4h_to_h"), List.of(),
            "attention.dense", "mlp.dense_4h_to_h")).build();
  }
}
