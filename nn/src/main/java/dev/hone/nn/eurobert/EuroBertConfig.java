package dev.hone.nn.eurobert;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.Linear;
import dev.hone.nn.RmsNorm;
import dev.hone.nn.decoder.Rope;
import dev.hone.nn.decoder.Rotary;
import dev.hone.nn.encoder.ClassificationHead;
import dev.hone.nn.encoder.EncoderBlock;
import dev.hone.nn.encoder.EncoderConfig;
import dev.hone.nn.encoder.EncoderEmbeddings;
import dev.hone.nn.encoder.EncoderFeedForward;
import dev.hone.nn.encoder.EncoderModel;
import dev.hone.nn.encoder.Named;
import dev.hone.nn.encoder.ProjectedAttention;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import dev.hone.nn.family.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The sizes and switches of a EuroBERT.
 *
 * @param vocabSize V
 * @param hiddenSize C
 * @param layers L
 * @param heads H
 * @param kvHeads G, a divisor of H
 * @param headDim D
 * @param feedForward F
 * @param maxLength the most tokens that a sequence may have
 * @param eps of the norms
 * @param attentionBias whether the projections of attention have a bias
 * @param feedForwardBias whether those of the feed-forward layers have one
 * @param activation of the gate
 * @param rope frequencies of the rotary positions
 * @param attentionDropout of the attention probabilities
 * @param pooling what the classifier reads
 * @param deviation standard deviation of new weights
 */
public record EuroBertConfig(int vocabSize, int hiddenSize, int layers, int heads, int kvHeads, int headDim, int feedForward,
    int maxLength, float eps, boolean attentionBias, boolean feedForwardBias, Activation activation, Rope rope,
    float attentionDropout, ClassificationHead.Pooling pooling, float deviation) implements EncoderConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("eurobert");

  private static final String PREFIX = "model.";

  /** Reads {@code config.json}. */
  public static EuroBertConfig read(ConfigReader json) {
    int width = json.size("hidden_size");
    int heads = json.size("num_attention_heads");
    int kvHeads = json.size("num_key_value_heads", heads);
    json.requireMultiple("num_attention_heads", heads, "num_key_value_heads", kvHeads);
    json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    int headDim = json.size("head_dim", width / heads);
    json.requireWidth("num_attention_heads", heads, headDim);
    int maxLength = json.size("max_position_embeddings", 8192);
    String pooling = json.text("classifier_pooling", "late");
    return new EuroBertConfig(json.size("vocab_size"), width, json.layers("num_hidden_layers"), heads, kvHeads, headDim,
        json.size("intermediate_size"), maxLength, (float) json.number("rms_norm_eps", 1e-5, Range.FRACTION),
        json.flag("attention_bias", false), json.flag("mlp_bias", false), json.activation("hidden_act", "silu"),
        Rope.read(json, headDim, maxLength), (float) json.number("attention_dropout", 0, Range.DROPOUT), switch (pooling) {
          case "bos" -> ClassificationHead.Pooling.FIRST;
          case "mean" -> ClassificationHead.Pooling.MEAN;
          case "late" -> ClassificationHead.Pooling.LATE;
          default -> throw json.unknown("classifier_pooling", pooling, Set.of("bos", "mean", "late"));
        }, (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
  }

  @Override
  public String modelType() {
    return "eurobert";
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
  public String prefix() {
    return PREFIX;
  }

  @Override
  public String className() {
    return "EuroBert";
  }

  @Override
  public Backbone backbone(Weights weights) {
    String words = PREFIX + "embed_tokens";
    EncoderEmbeddings embeddings = new EncoderEmbeddings(
        Named.of(words, weights.embedding(words, vocabSize, hiddenSize)), null, 0, null, null, null, false,
        EncoderFeedForward.NO_DROPOUT);
    Rotary rotary = new Rotary(rope);
    List<EncoderBlock> blocks = new ArrayList<>();
    List<Named<?>> parts = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      String name = PREFIX + "layers." + i;
      blocks.add(block(name + ".", rotary, weights));
      parts.add(Named.of(name, blocks.getLast()));
    }
    return new EncoderModel(embeddings, blocks, norm(PREFIX + "norm", "", weights), parts, maxLength);
  }

  private EncoderBlock block(String at, Rotary rotary, Weights weights) {
    ProjectedAttention attention = new ProjectedAttention(heads, kvHeads, headDim, false, Integer.MAX_VALUE, attentionDropout,
        linear("self_attn.q_proj", at, hiddenSize, heads * headDim, attentionBias, weights),
        linear("self_attn.k_proj", at, hiddenSize, kvHeads * headDim, attentionBias, weights),
        linear("self_attn.v_proj", at, hiddenSize, kvHeads * headDim, attentionBias, weights), null, rotary);
    return new EncoderBlock(true, attention,
        linear("self_attn.o_proj", at, heads * headDim, hiddenSize, attentionBias, weights),
        norm("input_layernorm", at, weights),
        new EncoderFeedForward(linear("mlp.gate_proj", at, hiddenSize, feedForward, feedForwardBias, weights),
            linear("mlp.up_proj", at, hiddenSize, feedForward, feedForwardBias, weights), false,
            linear("mlp.down_proj", at, feedForward, hiddenSize, feedForwardBias, weights), activation,
            EncoderFeedForward.NO_DROPOUT),
        norm("post_attention_layernorm", at, weights), EncoderFeedForward.NO_DROPOUT, EncoderFeedForward.NO_DROPOUT);
  }

  private Named<RmsNorm> norm(String name, String at, Weights weights) {
    return Named.of(name, weights.rmsNorm(at + name, hiddenSize, 0, eps));
  }

  private static Named<Linear> linear(String name, String at, int inputs, int outputs, boolean bias, Weights weights) {
    return Named.of(name, weights.linear(at + name, inputs, outputs, bias));
  }

  @Override
  public Head classifier(Labels labels, Weights weights) {
    return new ClassificationHead(pooling, EncoderFeedForward.NO_DROPOUT,
        Named.of("dense", weights.headLinear("dense", hiddenSize, hiddenSize, true)), Activation.GELU, null,
        EncoderFeedForward.NO_DROPOUT, Named.of("classifier", weights.headLinear("classifier", hiddenSize, labels.size(), true)));
  }

  /** The heads of other tasks. */
  @Override
  public boolean ignores(String name, Head head) {
    return name.startsWith("lm_head.") || name.startsWith("dense.") || name.startsWith("classifier.")
        || name.endsWith(".rotary_emb.inv_freq");
  }

  @Override
  public AdapterTargets targets() {
    return AdapterTargets.USUAL;
  }
}
