package dev.hone.nn.llama;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.LayerTypes;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.family.ConfigReader;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What the files of Llama and its next kin say. Source: Touvron and others 2023. */
public final class LlamaConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("llama", "mistral", "qwen2", "qwen3", "phi3");

  private LlamaConfig() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    String type = json.text("model_type", "");
    boolean third = type.equals("phi3");
    boolean bias = json.flag("attention_bias", false) && (type.equals("llama") || type.equals("qwen3"));
    DecoderBuilder builder = new DecoderBuilder(json, type.substring(0, 1).toUpperCase(Locale.ROOT) + type.substring(1))
        .sizes(switch (type) {
          case "mistral" -> 8;
          case "qwen2", "qwen3" -> 32;
          default -> 0;
        }, type.equals("qwen3") ? 128 : 0).length(usualLength(type)).norm(Kind.RMS, "rms_norm_eps", third ? 1e-5 : 1e-6)
        .activation("hidden_act", "silu").biases(bias || type.equals("qwen2"), bias,
            type.equals("llama") && json.flag("mlp_bias", false)).dropout("embd_pdrop", "resid_pdrop", 0);
    if (third) {
      builder.names(DecoderNames.LLAMA.withBlock(
          BlockNames.LLAMA.withFusedAttention("self_attn", "qkv_proj", "o_proj").withFusedGate("gate_up_proj")));
    } else if (type.equals("qwen3")) {
      builder.names(DecoderNames.LLAMA.withBlock(BlockNames.LLAMA.withHeadNorms("q_norm", "k_norm")));
    }
    return builder.rope(third ? Rope.partial(json, builder.headDim(), builder.maxLength())
        : Rope.read(json, builder.headDim(), builder.maxLength())).windows(windows(json, type, builder.layers()))
        .targets(targets(type)).build();
  }

  /** What transformers takes where the configuration does not say. */
  private static int usualLength(String type) {
    return switch (type) {
      case "llama" -> 2048;
      case "mistral" -> 131_072;
      case "phi3" -> 4096;
      default -> 32_768;
    };
  }

  /** Llama has no windows, Mistral and Phi-3 have them in all layers, Qwen in those of {@code layer_types} or the upper ones. */
  private static List<Integer> windows(ConfigReader json, String type, int layers) {
    int all = Integer.MAX_VALUE;
    int window = json.integer("sliding_window", !json.names("sliding_window") && !type.equals("phi3") ? 4096 : all, 1, all);
    if (type.startsWith("qwen")) {
      int from = json.integer("max_window_layers", 28, 0, all);
      return LayerTypes.windows(json, layers, json.flag("use_sliding_window", false) ? window : all, layer -> layer >= from);
    }
    json.texts("layer_types"); // transformers does not ask these families' layers; what it is must hold all the same
    return Collections.nCopies(layers, type.equals("llama") ? all : window);
  }

  private static AdapterTargets targets(String type) {
    return switch (type) {
      case "llama", "mistral" -> AdapterTargets.USUAL.withIa3("k_proj", "v_proj", "down_proj")
          .withNorms("input_layernorm", "post_attention_layernorm", "norm");
      case "phi3" -> AdapterTargets.USUAL.withLora("qkv_proj").withIa3("qkv_proj", "down_proj");
      default -> AdapterTargets.USUAL.withNorms("post_attention_layernorm"); // Qwen
    };
  }
}
