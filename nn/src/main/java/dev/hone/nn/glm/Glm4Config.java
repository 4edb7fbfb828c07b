package dev.hone.nn.glm;

import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import java.util.Set;

/** What the files of GLM-4 say, of 2024 (glm) and of 2025 (glm4). Source: GLM Team 2024. */
public final class Glm4Config {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("glm", "glm4");

  private Glm4Config() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    boolean fourth = json.text("model_type", "").equals("glm4");
    BlockNames block = BlockNames.LLAMA.withFusedGate("gate_up_proj");
    return new DecoderBuilder(json, fourth ? "Glm4" : "Glm").sizes(2, 128).length(131_072)
        .names(DecoderNames.LLAMA.withBlock(!fourth ? block : block.withNorms("input_layernorm", "post_self_attn_layernorm",
            "post_attention_layernorm", "post_mlp_layernorm")))
        .norm(Kind.RMS, "rms_norm_eps", 1.5625e-7).activation("hidden_act", "silu")
        .biases(json.flag("attention_bias", true), false, false).rope(10_000, 0.5).interleaved().padding(151_329).build();
  }
}
