package dev.hone.nn.gpt2;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Task;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.decoder.DecoderModel;
import dev.hone.nn.load.ConfigReader;
import dev.hone.nn.load.ModelException;
import dev.hone.nn.load.Range;
import dev.hone.nn.load.Weights;
import java.util.List;
import java.util.Set;

/**
 * The sizes and switches of GPT-2.
 *
 * @param modelType {@code gpt2}
 * @param vocabSize V
 * @param hiddenSize C
 * @param layers L
 * @param heads H, a divisor of C
 * @param feedForward F
 * @param maxLength rows of the position table
 * @param eps of the layer norms
 * @param activation of the feed-forward layer
 * @param scaled whether scores are divided by √D
 * @param scaledByLayer whether they are divided by the number of the layer, from 1
 * @param tied whether the head is the embedding table
 * @param padding id of the padding token, -1 if there is none
 * @param embeddingDropout of the embeddings
 * @param residualDropout of what attention and feed-forward layer add
 * @param attentionDropout of the attention probabilities
 * @param deviation standard deviation of new weights
 */
public record Gpt2Config(String modelType, int vocabSize, int hiddenSize, int layers, int heads, int feedForward,
    int maxLength, float eps, Activation activation, boolean scaled, boolean scaledByLayer, boolean tied, int padding,
    float embeddingDropout, float residualDropout, float attentionDropout, float deviation) implements DecoderConfig {

  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("gpt2");

  public Gpt2Config {
    if (hiddenSize % heads != 0) {
      throw new ModelException("config.json: n_embd " + hiddenSize + " is not a multiple of " + heads + " heads");
    }
  }

  /** Reads {@code config.json}. */
  public static Gpt2Config read(ConfigReader json) {
    int width = json.size("n_embd");
    json.requireMultiple("n_embd", width, "n_head", json.size("n_head"));
    return new Gpt2Config(json.text("model_type", ""), json.size("vocab_size"), width, json.layers("n_layer"),
        json.size("n_head"), json.size("n_inner", 4 * width), json.has("n_positions") ? json.size("n_positions")
            : json.size("n_ctx"), (float) json.number("layer_norm_epsilon", 1e-5, Range.FRACTION),
        json.activation("activation_function", "gelu_new"), json.flag("scale_attn_weights", true),
        json.flag("scale_attn_by_inverse_layer_idx", false), json.flag("tie_word_embeddings", true),
        json.integer("pad_token_id", -1, -1, Integer.MAX_VALUE), (float) json.number("embd_pdrop", 0.1, Range.DROPOUT), (float) json.number("resid_pdrop", 0.1, Range.DROPOUT),
        (float) json.number("attn_pdrop", 0.1, Range.DROPOUT), (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
  }

  /** D, the width of a head. */
  public int headDim() {
    return hiddenSize / heads;
  }

  @Override
  public int keyHeads() {
    return heads;
  }

  @Override
  public int keyWidth() {
    return hiddenSize;
  }

  @Override
  public Backbone backbone(Weights weights) {
    return Gpt2Model.load(this, weights);
  }

  /** Old files also hold buffers: the causal masks. */
  @Override
  public boolean ignores(String name, Head head) {
    return DecoderConfig.super.ignores(name, head) || name.endsWith(".attn.bias") || name.endsWith(".attn.masked_bias");
  }

  @Override
  public boolean storesInputsFirst(String name) {
    return name.startsWith(prefix());
  }

  @Override
  public String architecture(Task task) {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> "GPT2ForSequenceClassification";
      case CAUSAL_LM -> "GPT2LMHeadModel";
      case EMBEDDING -> "GPT2Model";
    };
  }

  @Override
  public AdapterTargets targets() {
    return new AdapterTargets(List.of("c_attn"), List.of("c_attn", "mlp.c_proj"), List.of("ln_1", "ln_2", "ln_f"), "attn.c_proj",
        "mlp.c_proj");
  }

  @Override
  public DecoderModel.Names names() {
    return Gpt2Model.NAMES;
  }
}
