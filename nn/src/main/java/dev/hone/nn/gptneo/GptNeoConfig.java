package dev.hone.nn.gptneo;

import dev.hone.nn.AdapterTargets;
import dev.hone.nn.decoder.DecoderBuilder;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderNames;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.decoder.NormForm.Kind;
import dev.hone.nn.family.ConfigReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** What the files of GPT-Neo say. Source: Black and others 2021. */
public final class GptNeoConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("gpt_neo");

  private GptNeoConfig() {}

  private static final BlockNames BLOCK = BlockNames.LLAMA.withNorms("ln_1", null, "ln_2", null)
      .withAttention("attn.attention", "out_proj").withFeedForward("mlp", "c_fc", "c_proj");

  /** Reads {@code config.json}. */
  public static DecoderConfig read(ConfigReader json) {
    int width = json.size("hidden_size");
    int heads = json.size("num_heads");
    json.requireMultiple("hidden_size", width, "num_heads", heads);
    int layers = json.layers("num_layers");
    return new DecoderBuilder(json, "GPTNeo")
        .sizes(width, layers, heads, heads, width / heads, json.size("intermediate_size", 4 * width)).length(2048)
        .names(DecoderNames.gpt("wpe", BLOCK)).norm(Kind.LAYER, "layer_norm_epsilon", 1e-5)
        .activation("activation_function", "gelu_new").biases(false, true, true).scale(1).windows(windows(json, layers))
        .tied(true).dropout("embed_dropout", "resid_dropout", 0).buffers(".attn.attention.bias", ".attn.attention.masked_bias")
        .targets(new AdapterTargets(List.of("q_proj", "v_proj"), List.of("q_proj", "v_proj", "c_proj"), List.of(),
            "attn.attention.out_proj", "mlp.c_proj")).build();
  }

  /** {@code attention_types} is a list of patterns, each with how often it is repeated: [[["global", "local"], 12]]. */
  private static List<Integer> windows(ConfigReader json, int layers) {
    int window = json.size("window_size", 256);
    List<Integer> windows = new ArrayList<>();
    for (JsonNode item : json.tree().path("attention_types")) {
      int times = item.path(1).asInt(0);
      for (int i = 0; i < times && windows.size() <= layers; i++) {
        for (JsonNode kind : item.path(0)) {
          windows.add(switch (kind.asString("")) {
            case "global" -> Integer.MAX_VALUE;
            case "local" -> window;
            default -> throw json.unknown("attention_types", kind.toString(), Set.of("global", "local"));
          });
        }
      }
    }
    if (!json.has("attention_types")) {
      for (int i = 0; i < layers; i++) {
        windows.add(i % 2 == 0 ? Integer.MAX_VALUE : window);
      }
    }
    if (windows.size() != layers) {
      throw json.fault("'attention_types' names " + windows.size() + " layers, the model has " + layers);
    }
    return windows;
  }
}
