package dev.hone.nn.gguf;

import dev.hone.nn.ModelException;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.Rope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What a file says about a decoder. llama.cpp takes much of a family for given, such as its activation or which layers have
 * windows: a configuration that says otherwise is refused.
 */
final class DecoderSettings implements GgufSettings {
  private static final Set<String> SILU = Set.of("silu", "swish");
  private static final Set<String> GELU = Set.of("gelu_new", "gelu_pytorch_tanh", "gelu_fast");

  private final PretrainedModel model;
  private final DecoderConfig config;
  private final JsonNode json;
  private final String architecture;
  private final List<String> warnings = new ArrayList<>();
  private final Map<String, float[]> factors = new LinkedHashMap<>();

  DecoderSettings(PretrainedModel model, GgufFamily family) {
    this.model = model;
    config = (DecoderConfig) model.config();
    JsonNode source = model.source();
    json = source.path("text_config").isObject() ? source.get("text_config") : source;
    architecture = family.architecture();
    activation();
    windows();
    rope();
    switch (architecture) {
      case "gpt2" -> require("scale_attn_weights", json.path("scale_attn_weights").asBoolean(true)
          && !json.path("scale_attn_by_inverse_layer_idx").asBoolean());
      case "gemma2", "gemma3" -> scale();
      default -> { }
    }
    if (!model.others().isEmpty()) {
      warnings.add("the part for pictures is left out");
    }
  }

  private ModelException refused(String what, String why) {
    return new ModelException("GGUF: " + what + ": " + why);
  }

  private void require(String key, boolean same) {
    if (!same) {
      throw refused(key + " is " + json.path(key), "llama.cpp computes models of the kind " + architecture + " otherwise");
    }
  }

  private boolean is(String... architectures) {
    return Arrays.asList(architectures).contains(architecture);
  }

  private void activation() {
    boolean gemma = is("gemma", "gemma2", "gemma3");
    for (String key : List.of("hidden_activation", "hidden_act", "activation_function")) {
      if (json.path(key).isString()) {
        String name = json.get(key).stringValue();
        boolean same = gemma || is("gpt2") ? GELU.contains(name) || is("gemma") && name.equals("gelu") : SILU.contains(name);
        if (!same) {
          throw refused(key + " '" + name + "'", "llama.cpp computes " + (gemma || is("gpt2") ? "gelu_pytorch_tanh" : "silu")
              + " in models of this kind");
        }
        return;
      }
    }
  }

  private int window() {
    return config.windows().stream().mapToInt(Integer::intValue).min().orElse(Integer.MAX_VALUE);
  }

  private void windows() {
    int window = window();
    if (window >= config.maxLength()) {
      return;
    }
    if (is("gemma2", "gemma3")) {
      int every = is("gemma2") ? 2 : 6;
      for (int layer = 0; layer < config.layers(); layer++) {
        if (config.windows().get(layer) != ((layer + 1) % every == 0 ? Integer.MAX_VALUE : window)) {
          throw refused("layer " + layer, "llama.cpp takes it that every " + every + "th layer sees all tokens, the others "
              + window);
        }
      }
    } else if (!is("phi3")) {
      warnings.add("tokens see those at most " + window + " before them, which llama.cpp does not know of: beyond that length "
          + "its answers differ");
    }
  }

  /** Gemma's scores are scaled by the head's width, whatever {@code query_pre_attn_scalar} says; those of 27B otherwise. */
  private void scale() {
    boolean large = config.layers() == (is("gemma2") ? 46 : 62);
    double assumed = large ? (double) config.hiddenSize() / config.heads() : config.headDim();
    require("query_pre_attn_scalar", json.path("query_pre_attn_scalar").asDouble(256) == assumed);
    if (is("gemma3")) {
      require("final_logit_softcapping", config.logitCap() == 0);
    }
  }

  private JsonNode scaling() {
    JsonNode older = json.path("rope_scaling");
    JsonNode section = older.isObject() && !older.isEmpty() ? older : json.path("rope_parameters");
    return section.path("full_attention").isObject() ? section.get("full_attention") : section;
  }

  private String ropeType() {
    JsonNode section = scaling();
    return section.path("rope_type").asString(section.path("type").asString("default"));
  }

  private double theta() {
    return scaling().path("rope_theta").asDouble(json.path("rope_theta").asDouble(is("gemma3") ? 1_000_000 : 10_000));
  }

  private void rope() {
    Rope local = config.rope(0);
    if (is("gemma3") && !Arrays.equals(local.near(), Rope.plain(10_000, config.headDim()).near())) {
      throw refused("rope_local_base_freq", "llama.cpp takes 10000 for layers with windows");
    }
    JsonNode scaling = scaling();
    String type = is("gpt2") ? "default" : ropeType();
    boolean phi = is("phi3");
    boolean known = switch (type) {
      case "default" -> true;
      case "linear" -> is("llama", "qwen2", "qwen3", "gemma3");
      case "llama3" -> is("llama");
      case "longrope", "su", "yarn" -> phi || type.equals("longrope") && is("llama") && oneSet(scaling);
      default -> false;
    };
    if (!known) {
      throw refused("rope_type '" + type + "'", "it is not exported for models of the kind " + architecture);
    }
    if (type.equals("llama3")) {
      factors.put("rope_freqs.weight", llama3(scaling));
    } else if (!type.equals("default") && !type.equals("linear")) {
      if (!phi) {
        factors.put("rope_freqs.weight", floats(scaling.get("short_factor")));
        return;
      }
      factors.put("rope_factors_long.weight", floats(scaling.get("long_factor")));
      factors.put("rope_factors_short.weight", floats(scaling.get("short_factor")));
      warnings.add("llama.cpp turns by the long factors once its context is longer than " + config.rope().reach()
          + ", here a sequence must be: set num_ctx or -c to what is needed");
    }
  }

  /** Whether one set of divisors holds for every length, as one that was read from a file does. */
  private static boolean oneSet(JsonNode scaling) {
    return scaling.path("short_factor").equals(scaling.path("long_factor"))
        && scaling.path("attention_factor").asDouble(0) == 1;
  }

  private static float[] floats(JsonNode numbers) {
    float[] values = new float[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) numbers.get(i).asDouble();
    }
    return values;
  }

  /** What the frequencies of Llama 3 are divided by (Meta's Llama 3.1), one a pair of numbers. */
  private float[] llama3(JsonNode rope) {
    double factor = rope.get("factor").doubleValue();
    double low = rope.path("low_freq_factor").asDouble(1);
    double high = rope.path("high_freq_factor").asDouble(4);
    double original = rope.get("original_max_position_embeddings").doubleValue();
    float[] divisors = new float[config.headDim() / 2];
    for (int i = 0; i < divisors.length; i++) {
      double wave = 2 * Math.PI * Math.pow(theta(), 2.0 * i / config.headDim());
      double smooth = (original / wave - low) / (high - low);
      divisors[i] = (float) (wave < original / high ? 1 : wave > original / low ? factor : 1 / ((1 - smooth) / factor + smooth));
    }
    return divisors;
  }

  @Override
  public Map<String, float[]> factors() {
    return factors;
  }

  @Override
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  @Override
  public int headDim() {
    return config.headDim();
  }

  @Override
  public Map<String, Object> metadata(String name, int fileType) {
    Map<String, Object> out = GgufSettings.header(model, architecture, name);
    put(out, "block_count", config.layers());
    put(out, "context_length", config.maxLength());
    put(out, "embedding_length", config.hiddenSize());
    put(out, "feed_forward_length", config.feedForward());
    put(out, "attention.head_count", config.heads());
    if (is("gpt2")) {
      put(out, "attention.layer_norm_epsilon", (float) json.path("layer_norm_epsilon").asDouble(1e-5));
    } else {
      put(out, "attention.head_count_kv", config.kvHeads());
      if (!is("gemma", "gemma2") || theta() != 10_000) { // whose files need not say
        put(out, "rope.freq_base", (float) theta());
      }
      put(out, "attention.layer_norm_rms_epsilon", (float) json.path("rms_norm_eps").asDouble(is("phi3") ? 1e-5 : 1e-6));
      if (json.path("head_dim").isNumber() || config.headDim() * config.heads() != config.hiddenSize()
          || is("gemma", "gemma2", "gemma3")) {
        put(out, "attention.key_length", config.headDim());
        put(out, "attention.value_length", config.headDim());
      }
    }
    out.put("general.file_type", fileType);
    switch (architecture) {
      case "llama" -> {
        put(out, "vocab_size", config.vocabSize());
        put(out, "rope.dimension_count", config.headDim());
      }
      case "gemma2" -> {
        put(out, "attn_logit_softcapping", config.attentionCap());
        put(out, "final_logit_softcapping", config.logitCap());
        put(out, "attention.sliding_window", window());
      }
      case "gemma3" -> {
        put(out, "rope.freq_base_swa", 10_000f);
        put(out, "attention.sliding_window", window());
      }
      case "phi3" -> {
        put(out, "rope.dimension_count", 2 * config.rope().near().length);
        put(out, "attention.sliding_window", window());
        put(out, "rope.scaling.original_context_length", Math.min(config.rope().reach(),
            json.path("original_max_position_embeddings").asInt(config.maxLength())));
        if (!factors.isEmpty()) {
          put(out, "rope.scaling.attn_factor", (float) config.rope().magnitude());
        }
      }
      default -> { }
    }
    if (ropeType().equals("linear")) {
      put(out, "rope.scaling.type", "linear");
      put(out, "rope.scaling.factor", (float) scaling().get("factor").doubleValue());
    }
    out.put("general.quantization_version", 2);
    return out;
  }

  private void put(Map<String, Object> out, String key, Object value) {
    out.put(architecture + "." + key, value);
  }
}
