package dev.hone.nn.modernbert;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.decoder.LayerTypes;
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
 * The sizes and switches of a ModernBERT.
 *
 * @param vocabSize V
 * @param hiddenSize C
 * @param layers L
 * @param heads H, a divisor of C
 * @param feedForward F
 * @param maxLength the most tokens that a sequence may have
 * @param eps of the norms
 * @param normBias whether norms have a bias
 * @param attentionBias whether the projections of attention have one
 * @param feedForwardBias whether those of the feed-forward layers have one
 * @param activation of the gate
 * @param windows of each layer the distance from which on a token sees nothing, {@link Integer#MAX_VALUE} if it sees everything
 * @param rope frequencies of the layers that see everything
 * @param localRope those of the others
 * @param embeddingDropout of the embeddings
 * @param attentionDropout of the probabilities, and of what attention adds
 * @param feedForwardDropout within the feed-forward layer
 * @param pooling what the classifier reads
 * @param headBias whether the dense layer of the classifier has a bias
 * @param headActivation of that layer
 * @param headDropout before the classifier
 * @param deviation standard deviation of new weights
 */
public record ModernBertConfig(int vocabSize, int hiddenSize, int layers, int heads, int feedForward, int maxLength, float eps,
    boolean normBias, boolean attentionBias, boolean feedForwardBias, Activation activation, List<Integer> windows, Rope rope,
    Rope localRope, float embeddingDropout, float attentionDropout, float feedForwardDropout,
    ClassificationHead.Pooling pooling, boolean headBias, Activation headActivation, float headDropout, float deviation)
    implements EncoderConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("modernbert");

  private static final String PREFIX = "model.";
  private static final String ROPE = "rope_parameters";
  private static final double THETA = 160_000;
  private static final double LOCAL_THETA = 10_000;

  public ModernBertConfig {
    windows = List.copyOf(windows);
  }

  /** Reads {@code config.json}, in the spelling of transformers 4 or 5. */
  public static ModernBertConfig read(ConfigReader json) {
    int heads = json.size("num_attention_heads");
    int width = json.size("hidden_size");
    json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    int layers = json.layers("num_hidden_layers");
    int maxLength = json.size("max_position_embeddings", 8192);
    int every = json.size("global_attn_every_n_layers", 3);
    int window = json.integer("local_attention", 128, 0, Integer.MAX_VALUE) / 2 + 1; // half of it on either side, and itself
    ConfigReader both = json.section("rope_scaling");
    boolean older = !both.tree().isEmpty();
    String pooling = json.text("classifier_pooling", "cls");
    if (!pooling.equals("cls") && !pooling.equals("mean")) {
      throw json.unknown("classifier_pooling", pooling, Set.of("cls", "mean"));
    }
    return new ModernBertConfig(json.size("vocab_size"), width, layers, heads, json.size("intermediate_size"), maxLength,
        (float) json.number("norm_eps", 1e-5, Range.FRACTION), json.flag("norm_bias", false), json.flag("attention_bias", false),
        json.flag("mlp_bias", false), json.activation("hidden_activation", "gelu"),
        LayerTypes.windows(json, layers, window, layer -> layer % every != 0),
        Rope.read(older ? both : json.section(ROPE).section(LayerTypes.FULL),
            json.number("global_rope_theta", THETA, Rope.BASE), width / heads, maxLength),
        Rope.read(older ? both : json.section(ROPE).section(LayerTypes.SLIDING),
            json.number("local_rope_theta", LOCAL_THETA, Rope.BASE), width / heads, maxLength),
        (float) json.number("embedding_dropout", 0, Range.DROPOUT), (float) json.number("attention_dropout", 0, Range.DROPOUT),
        (float) json.number("mlp_dropout", 0, Range.DROPOUT),
        pooling.equals("cls") ? ClassificationHead.Pooling.FIRST : ClassificationHead.Pooling.MEAN,
        json.flag("classifier_bias", false), json.activation("classifier_activation", "gelu"),
        (float) json.number("classifier_dropout", 0, Range.DROPOUT),
        (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
  }

  @Override
  public String modelType() {
    return "modernbert";
  }

  @Override
  public String prefix() {
    return PREFIX;
  }

  @Override
  public String className() {
    return "ModernBert";
  }

  @Override
  public Backbone backbone(Weights weights) {
    String words = PREFIX + "embeddings.tok_embeddings";
    EncoderEmbeddings embeddings = new EncoderEmbeddings(
        Named.of(words, weights.embedding(words, vocabSize, hiddenSize)), null, 0, null,
        norm(PREFIX + "embeddings.norm", "", weights), null, false, embeddingDropout);
    Rotary global = new Rotary(rope);
    Rotary local = new Rotary(localRope);
    List<EncoderBlock> blocks = new ArrayList<>();
    List<Named<?>> parts = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      String name = PREFIX + "layers." + i;
      blocks.add(block(i, windows.get(i) == Integer.MAX_VALUE ? global : local, name + ".", weights));
      parts.add(Named.of(name, blocks.getLast()));
    }
    return new EncoderModel(embeddings, blocks, norm(PREFIX + "final_norm", "", weights), parts, maxLength);
  }

  private EncoderBlock block(int index, Rotary rotary, String at, Weights weights) {
    ProjectedAttention attention = new ProjectedAttention(heads, heads, hiddenSize / heads, false, windows.get(index),
        attentionDropout, null, null, null,
        Named.of("attn.Wqkv", weights.linear(at + "attn.Wqkv", hiddenSize, 3 * hiddenSize, attentionBias)), rotary);
    return new EncoderBlock(true, attention,
        Named.of("attn.Wo", weights.linear(at + "attn.Wo", hiddenSize, hiddenSize, attentionBias)),
        index == 0 ? null : norm("attn_norm", at, weights), // the embeddings are normalised already
        new EncoderFeedForward(null, Named.of("mlp.Wi", weights.linear(at + "mlp.Wi", hiddenSize, 2 * feedForward,
        feedForwardBias)),
            true, Named.of("mlp.Wo", weights.linear(at + "mlp.Wo", feedForward, hiddenSize, feedForwardBias)), activation,
            feedForwardDropout),
        norm("mlp_norm", at, weights), attentionDropout, EncoderFeedForward.NO_DROPOUT);
  }

  private Named<LayerNorm> norm(String name, String at, Weights weights) {
    return Named.of(name, weights.layerNorm(at + name, hiddenSize, normBias, eps));
  }

  @Override
  public Head classifier(Labels labels, Weights weights) {
    return new ClassificationHead(pooling, EncoderFeedForward.NO_DROPOUT,
        Named.of("head.dense", weights.headLinear("head.dense", hiddenSize, hiddenSize, headBias)), headActivation,
        Named.of("head.norm", weights.headNorm("head.norm", hiddenSize, normBias, eps)), headDropout,
        Named.of("classifier", weights.headLinear("classifier", hiddenSize, labels.size(), true)));
  }

  /** The heads of other tasks, whose dense layer and norm a classifier's take over. */
  @Override
  public boolean ignores(String name, Head head) {
    return name.startsWith("decoder.") || name.startsWith("head.") || name.startsWith("classifier.")
        || name.contains("rotary_emb.");
  }

  @Override
  public AdapterTargets targets() {
    return new AdapterTargets(List.of("Wqkv"), List.of("Wqkv", "mlp.Wo"), List.of(), "attn.Wo", "mlp.Wo");
  }
}
