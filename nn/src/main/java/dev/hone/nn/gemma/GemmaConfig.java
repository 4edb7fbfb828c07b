package dev.hone.nn.gemma;

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
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * The sizes and switches of a Gemma decoder.
 *
 * @param modelType {@code gemma2} or {@code gemma3_text}
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
 * @param rope rotary frequencies of layers that see everything
 * @param localRope of layers that see a window
 * @param windows per layer how many tokens a token sees, itself included
 * @param scale factor of the attention scores
 * @param attentionCap soft cap of the scores, 0 for none
 * @param logitCap soft cap of the logits, 0 for none
 * @param bias whether the projections of attention have biases
 * @param headNorm whether queries and keys are normalised
 * @param tied whether the head is the embedding table
 * @param padding id of the padding token, -1 if there is none
 * @param attentionDropout of the attention probabilities
 * @param deviation standard deviation of new weights
 */
public record GemmaConfig(String modelType, int vocabSize, int hiddenSize, int layers, int heads, int kvHeads, int headDim,
    int feedForward, int maxLength, float eps, Activation activation, Rope rope, Rope localRope, List<Integer> windows,
    float scale, float attentionCap, float logitCap, boolean bias, boolean headNorm, boolean tied, int padding,
    float attentionDropout, float deviation) implements DecoderConfig {

  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("gemma2", "gemma3_text");

  public GemmaConfig {
    windows = List.copyOf(windows);
    if (heads % kvHeads != 0) {
      throw new ModelException("config.json: " + heads + " heads are not a multiple of " + kvHeads + " key and value heads");
    }
  }

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static GemmaConfig read(ConfigReader json) {
    String type = json.text("model_type", "");
    boolean third = type.equals("gemma3_text");
    if (json.flag("use_bidirectional_attention", false)) {
      throw new ModelException(json.file() + ": 'use_bidirectional_attention' is true; known: false");
    }
    int heads = json.size("num_attention_heads", 8);
    int headDim = json.size("head_dim", 256);
    int kvHeads = json.size("num_key_value_heads", 4);
    json.requireWidth("num_attention_heads", heads, headDim);
    json.requireMultiple("num_attention_heads", heads, "num_key_value_heads", kvHeads);
    int layers = json.layers("num_hidden_layers");
    int maxLength = json.size("max_position_embeddings", third ? 131_072 : 8192);
    Rope rope = third ? globalRope(json, headDim, maxLength) : Rope.read(json, headDim, maxLength);
    float attentionCap = cap(json, "attn_logit_softcapping", 50);
    int pattern = json.size("sliding_window_pattern", json.size("_sliding_window_pattern", 6));
    IntPredicate slides = third ? layer -> (layer + 1) % pattern != 0 : layer -> layer % 2 == 0;
    return new GemmaConfig(type, json.size("vocab_size"), json.size("hidden_size"), layers, heads,
        kvHeads, headDim, json.size("intermediate_size"), maxLength,
        (float) json.number("rms_norm_eps", 1e-6, Range.FRACTION), json.activation("hidden_activation", "gelu_pytorch_tanh"), rope,
        third ? localRope(json, headDim, maxLength) : rope,
        LayerTypes.windows(json, layers, json.integer("sliding_window", 4096, 1, Integer.MAX_VALUE), slides),
        (float) (1 / Math.sqrt(json.number("query_pre_attn_scalar", 256, Range.POSITIVE))),
        third ? 0 : attentionCap, // Gemma 3's attention never asks for it in transformers
        cap(json, "final_logit_softcapping", third ? 0 : 30), json.flag("attention_bias", false), third,
        json.flag("tie_word_embeddings", true), json.integer("pad_token_id", 0, -1, Integer.MAX_VALUE),
        (float) json.number("attention_dropout", 0, Range.DROPOUT),
        (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
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
    return GemmaModel.load(this, weights);
  }

  @Override
  public String architecture(Task task) {
    boolean second = modelType.equals("gemma2");
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> second ? "Gemma2ForSequenceClassification" : "Gemma3TextForSequenceClassification";
      case CAUSAL_LM -> second ? "Gemma2ForCausalLM" : "Gemma3ForCausalLM";
      case EMBEDDING -> second ? "Gemma2Model" : "Gemma3TextModel";
    };
  }

  @Override
  public AdapterTargets targets() {
    return AdapterTargets.USUAL.withNorms("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
        "post_feedforward_layernorm", "norm");
  }

  @Override
  public DecoderModel.Names names() {
    return GemmaModel.NAMES;
  }
}
