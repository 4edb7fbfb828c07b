package dev.hone.nn.llama;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Task;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderModel;
import dev.hone.nn.decoder.LayerTypes;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.load.ConfigReader;
import dev.hone.nn.load.ModelException;
import dev.hone.nn.load.Range;
import dev.hone.nn.load.Weights;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The sizes and switches of a decoder of the Llama kind.
 *
 * @param modelType {@code llama}, {@code mistral}, {@code qwen2}, {@code qwen3} or {@code phi3}
 * @param vocabSize V
 * @param hiddenSize C
 * @param layers L
 * @param heads H
 * @param kvHeads G, a divisor of H
 * @param headDim D
 * @param feedForward F
 * @param maxLength the most tokens that a sequence may have
 * @param eps of the norms
 * @param activation of the feed-forward layer's gate
 * @param rope rotary frequencies
 * @param windows per layer how many tokens a token sees, itself included
 * @param attentionBias whether the projections of queries, keys and values have a bias
 * @param outputBias whether the projection behind attention has one
 * @param feedForwardBias whether the feed-forward layer has them
 * @param headNorm whether queries and keys are normalised
 * @param fused whether queries, keys and values are one projection, and gate and up another
 * @param tied whether the head is the embedding table
 * @param padding id of the padding token, -1 if there is none
 * @param embeddingDropout of the embeddings
 * @param residualDropout of what attention and feed-forward layer add
 * @param attentionDropout of the attention probabilities
 * @param deviation standard deviation of new weights
 */
public record LlamaConfig(String modelType, int vocabSize, int hiddenSize, int layers, int heads, int kvHeads, int headDim,
    int feedForward, int maxLength, float eps, Activation activation, Rope rope, List<Integer> windows,
    boolean attentionBias, boolean outputBias, boolean feedForwardBias, boolean headNorm, boolean fused, boolean tied,
    int padding, float embeddingDropout, float residualDropout, float attentionDropout, float deviation)
    implements DecoderConfig {

  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("llama", "mistral", "qwen2", "qwen3", "phi3");

  public LlamaConfig {
    windows = List.copyOf(windows);
    if (heads % kvHeads != 0) {
      throw new ModelException("config.json: " + heads + " heads are not a multiple of " + kvHeads + " key and value heads");
    }
  }

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static LlamaConfig read(ConfigReader json) {
    String type = json.text("model_type", "");
    int width = json.size("hidden_size");
    int heads = json.size("num_attention_heads");
    if (!json.has("head_dim")) {
      json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    }
    int headDim = json.has("head_dim") ? json.size("head_dim") : type.equals("qwen3") ? 128 : width / heads;
    int kvHeads = kvHeads(json, type, heads);
    json.requireWidth("num_attention_heads", heads, headDim);
    json.requireMultiple("num_attention_heads", heads, "num_key_value_heads", kvHeads);
    int maxLength = json.size("max_position_embeddings", usualLength(type));
    boolean bias = json.flag("attention_bias", false) && (type.equals("llama") || type.equals("qwen3"));
    return new LlamaConfig(type, json.size("vocab_size"), width, json.layers("num_hidden_layers"), heads,
        kvHeads, headDim, json.size("intermediate_size"), maxLength,
        (float) json.number("rms_norm_eps", type.equals("phi3") ? 1e-5 : 1e-6, Range.FRACTION), json.activation("hidden_act", "silu"),
        type.equals("phi3") ? Rope.partial(json, headDim, maxLength) : Rope.read(json, headDim, maxLength), windows(json, type),
        bias || type.equals("qwen2"), bias,
        type.equals("llama") && json.flag("mlp_bias", false), type.equals("qwen3"), type.equals("phi3"),
        json.flag("tie_word_embeddings", false), json.integer("pad_token_id", -1, -1, Integer.MAX_VALUE), (float) json.number("embd_pdrop", 0, Range.DROPOUT),
        (float) json.number("resid_pdrop", 0, Range.DROPOUT), (float) json.number("attention_dropout", 0, Range.DROPOUT),
        (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
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

  /** As many as heads where the key is null; where it is missing, what transformers takes. */
  private static int kvHeads(ConfigReader json, String type, int heads) {
    if (json.has("num_key_value_heads")) {
      return json.size("num_key_value_heads");
    }
    return json.tree().has("num_key_value_heads") ? heads : switch (type) {
      case "mistral" -> 8;
      case "qwen2", "qwen3" -> 32;
      default -> heads;
    };
  }

  /** Llama has no windows, Mistral and Phi-3 have them in all layers, Qwen in those of {@code layer_types} or the upper ones. */
  private static List<Integer> windows(ConfigReader json, String type) {
    int all = Integer.MAX_VALUE;
    int layers = json.layers("num_hidden_layers");
    boolean missing = !json.tree().has("sliding_window");
    int window = json.integer("sliding_window", missing && !type.equals("phi3") ? 4096 : all, 1, all);
    if (type.startsWith("qwen")) {
      int from = json.integer("max_window_layers", 28, 0, all);
      return LayerTypes.windows(json, layers, json.flag("use_sliding_window", false) ? window : all, layer -> layer >= from);
    }
    json.texts("layer_types"); // transformers does not ask these families' layers; what it is must hold all the same
    return Collections.nCopies(layers, type.equals("llama") ? all : window);
  }

  @Override
  public int keyHeads() {
    return kvHeads;
  }

  @Override
  public int keyWidth() {
    return kvHeads * headDim;
  }

  @Override
  public Backbone backbone(Weights weights) {
    return LlamaModel.load(this, weights);
  }

  @Override
  public String architecture(Task task) {
    return modelType.substring(0, 1).toUpperCase(Locale.ROOT) + modelType.substring(1) + switch (task) {
      case SEQUENCE_CLASSIFICATION -> "ForSequenceClassification";
      case CAUSAL_LM -> "ForCausalLM";
      case EMBEDDING -> "Model";
    };
  }

  @Override
  public AdapterTargets targets() {
    return switch (modelType) {
      case "llama", "mistral" -> AdapterTargets.USUAL.withIa3("k_proj", "v_proj", "down_proj")
          .withNorms("input_layernorm", "post_attention_layernorm", "norm");
      case "phi3" -> AdapterTargets.USUAL.withLora("qkv_proj").withIa3("qkv_proj", "down_proj");
      default -> AdapterTargets.USUAL.withNorms("post_attention_layernorm"); // Qwen
    };
  }

  @Override
  public DecoderModel.Names names() {
    return LlamaModel.NAMES;
  }
}
