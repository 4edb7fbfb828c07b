package dev.hone.nn.starcoder;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import java.util.Set;

/** What the files of StarCoder 2 say. Source: Lozhkov and others 2024. */
public final class Starcoder2Config {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("starcoder2");

  private Starcoder2Config() {}

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static DecoderConfig read(ConfigReader json) {
    boolean bias = json.flag("use_bias", true);
    return new DecoderBuilder(json, "Starcoder2").sizes(2, 0).length(4096)
        .names(DecoderNames.LLAMA.withBlock(BlockNames.LLAMA.withFeedForward("mlp", "c_fc", "c_proj")))
        .norm(Kind.LAYER, "norm_epsilon", 1e-5).activation("hidden_act", "gelu_pytorch_tanh").biases(bias, bias, bias)
        .rope(10_000, Double.NaN).window(json.integer("sliding_window", Integer.MAX_VALUE, 1, Integer.MAX_VALUE)).tied(true)
        .dropout("embedding_dropout", "residual_dropout", 0)
        .targets(AdapterTargets.USUAL.withIa3("q_proj", "v_proj", "c_proj").withOutputs("self_attn.o_proj", "mlp.c_proj"))
        .build();
  }
}
