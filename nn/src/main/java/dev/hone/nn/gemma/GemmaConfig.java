package dev.hone.nn.gemma;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.ModelException;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.LayerTypes;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.Set;
import java.util.function.IntPredicate;

/** What the files of Gemma say. Source: Gemma Team 2024, 2025. */
public final class GemmaConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("gemma", "gemma2", "gemma3_text", "gemma3");

  private GemmaConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    return json.text("model_type", "").equals("gemma3")
        ? builder(json.section("text_config"), "gemma3_text").textPart(json, "Gemma3").build()
        : builder(json, json.text("model_type", "")).build();
  }

  private static DecoderBuilder builder(ConfigReader json, String type) {
    if (json.flag("use_bidirectional_attention", false)) {
      throw new ModelException(json.file() + ": 'use_bidirectional_attention' is true; known: false");
    }
    boolean third = type.equals("gemma3_text");
    int width = json.size("hidden_size");
    int heads = json.size("num_attention_heads", third || type.equals("gemma2") ? 8 : 16);
    int headDim = json.size("head_dim", 256);
    int kvHeads = json.size("num_key_value_heads", third || type.equals("gemma2") ? 4 : 16);
    json.requireWidth("num_attention_heads", heads, headDim);
    json.requireMultiple("num_attention_heads", heads, "num_key_value_heads", kvHeads);
    boolean bias = json.flag("attention_bias", false);
    DecoderBuilder builder = new DecoderBuilder(json, switch (type) {
      case "gemma2" -> "Gemma2";
      case "gemma3_text" -> "Gemma3Text";
      default -> "Gemma";
    }).sizes(width, json.layers("num_hidden_layers"), heads, kvHeads, headDim, json.size("intermediate_size"))
        .length(third ? 131_072 : 8192).norm(Kind.RMS_AROUND_ONE, "rms_norm_eps", 1e-6).biases(bias, bias, false)
        .embeddingScale(Math.sqrt(width)).tied(true);
    return type.equals("gemma") ? first(json, builder) : later(json, builder, third);
  }

  private static DecoderBuilder first(ConfigReader json, DecoderBuilder builder) {
    // the first files say gelu and mean its approximation
    if (json.text("hidden_act", "gelu").equals("gelu")) {
      builder.activation(Activation.GELU_TANH);
    } else {
      builder.activation("hidden_act", "gelu_pytorch_tanh");
    }
    return builder.padding(0).rope(Rope.read(json, builder.headDim(), builder.maxLength()))
        .targets(AdapterTargets.USUAL.withNorms("input_layernorm", "post_attention_layernorm", "norm"));
  }

  private static DecoderBuilder later(ConfigReader json, DecoderBuilder builder, boolean third) {
    int headDim = builder.headDim();
    int maxLength = builder.maxLength();
    BlockNames block = BlockNames.LLAMA.withNorms("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
        "post_feedforward_layernorm");
    int pattern = json.size("sliding_window_pattern", json.size("_sliding_window_pattern", 6));
    IntPredicate slides = third ? layer -> (layer + 1) % pattern != 0 : layer -> layer % 2 == 0;
    float attentionCap = cap(json, "attn_logit_softcapping", 50);
    Rope global = third ? globalRope(json, headDim, maxLength) : Rope.read(json, headDim, maxLength);
    Rope local = third ? localRope(json, headDim, maxLength) : global;
    return builder.names(DecoderNames.LLAMA.withBlock(third ? block.withHeadNorms("q_norm", "k_norm") : block))
        .activation("hidden_activation", "gelu_pytorch_tanh")
        .windows(json.integer("sliding_window", 4096, 1, Integer.MAX_VALUE), slides)
        .ropes(layer -> builder.windows().get(layer) == Integer.MAX_VALUE ? global : local)
        .scale(1 / Math.sqrt(json.number("query_pre_attn_scalar", 256, Range.POSITIVE)))
        .caps(third ? 0 : attentionCap, // Gemma 3's attention never asks for it in transformers
            cap(json, "final_logit_softcapping", third ? 0 : 30))
        .pad(json.integer("pad_token_id", 0, -1, Integer.MAX_VALUE)).targets(AdapterTargets.USUAL.withNorms("input_layernorm",
            "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm", "norm"));
  }

  /** A missing cap has the usual value; one that is null is none. */
  private static float cap(ConfigReader json, String key, float usual) {
    return (float) json.number(key, json.names(key) ? 0 : usual, Range.POSITIVE);
  }

  private static Rope globalRope(ConfigReader json, int headDim, int maxLength) {
    ConfigReader section = json.has("rope_parameters")
        ? json.section("rope_parameters").section(LayerTypes.FULL) : json.section("rope_scaling");
    return Rope.read(section, json.number("rope_theta", 1_000_000, Rope.BASE), headDim, maxLength);
  }

  private static Rope localRope(ConfigReader json, int headDim, int maxLength) {
    ConfigReader section = json.section("rope_parameters").section(LayerTypes.SLIDING);
    return Rope.read(section, json.number("rope_local_base_freq", 10_000, Rope.BASE), headDim, maxLength);
  }
}
