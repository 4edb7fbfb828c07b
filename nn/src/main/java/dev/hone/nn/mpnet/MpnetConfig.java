package dev.hone.nn.mpnet;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Embedding;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.Linear;
import dev.hone.nn.encoder.BucketedBias;
import dev.hone.nn.encoder.ClassificationHead;
import dev.hone.nn.encoder.EncoderBlock;
import dev.hone.nn.encoder.EncoderConfig;
import dev.hone.nn.encoder.EncoderEmbeddings;
import dev.hone.nn.encoder.EncoderFeedForward;
import dev.hone.nn.encoder.EncoderModel;
import dev.hone.nn.encoder.Named;
import dev.hone.nn.encoder.RelativeAttention;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import dev.hone.nn.family.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The sizes and switches of an MPNet.
 *
 * @param vocabSize V
 * @param hiddenSize C
 * @param layers L
 * @param heads H, a divisor of C
 * @param feedForward F
 * @param positions rows of the position table, of which the first two belong to no token
 * @param buckets rows of the table of distances
 * @param eps of the layer norms
 * @param activation of the feed-forward layer
 * @param dropout of embeddings, of the output of attention and feed-forward, and in the classifier
 * @param attentionDropout of the attention probabilities
 * @param deviation standard deviation of new weights
 */
public record MpnetConfig(int vocabSize, int hiddenSize, int layers, int heads, int feedForward, int positions, int buckets,
    float eps, Activation activation, float dropout, float attentionDropout, float deviation) implements EncoderConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("mpnet");

  private static final String PREFIX = "mpnet.";
  private static final int FIRST_POSITION = 2; // behind the padding's, which is 1 whatever the configuration says

  /** Reads {@code config.json}. */
  public static MpnetConfig read(ConfigReader json) {
    json.requireMultiple("hidden_size", json.size("hidden_size"), "num_attention_heads", json.size("num_attention_heads"));
    int buckets = json.size("relative_attention_num_buckets", BucketedBias.BUCKETS);
    if (buckets < BucketedBias.BUCKETS) {
      throw json.fault("'relative_attention_num_buckets' is " + buckets + "; transformers tells " + BucketedBias.BUCKETS
          + " apart, whatever it says");
    }
    return new MpnetConfig(json.size("vocab_size"), json.size("hidden_size"), json.layers("num_hidden_layers"),
        json.size("num_attention_heads"), json.size("intermediate_size"),
        json.required("max_position_embeddings", FIRST_POSITION + 1, 1 << 24), buckets,
        (float) json.number("layer_norm_eps", 1e-12, Range.FRACTION), json.activation("hidden_act", "gelu"),
        (float) json.number("hidden_dropout_prob", 0.1, Range.DROPOUT),
        (float) json.number("attention_probs_dropout_prob", 0.1, Range.DROPOUT),
        (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
  }

  @Override
  public String modelType() {
    return "mpnet";
  }

  @Override
  public int maxLength() {
    return positions - FIRST_POSITION;
  }

  @Override
  public String prefix() {
    return PREFIX;
  }

  @Override
  public String className() {
    return "MPNet";
  }

  @Override
  public Backbone backbone(Weights weights) {
    String at = PREFIX + "embeddings.";
    EncoderEmbeddings embeddings = new EncoderEmbeddings(
        Named.of(at + "word_embeddings", weights.embedding(at + "word_embeddings", vocabSize, hiddenSize)),
        Named.of(at + "position_embeddings", weights.embedding(at + "position_embeddings", positions, hiddenSize)),
        FIRST_POSITION, null, Named.of(at + "LayerNorm", weights.layerNorm(at + "LayerNorm", hiddenSize, true, eps)), null, false,
        dropout);
    String table = PREFIX + "encoder.relative_attention_bias";
    Embedding bias = weights.embedding(table, buckets, heads);
    List<EncoderBlock> blocks = new ArrayList<>();
    List<Named<?>> parts = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      String name = PREFIX + "encoder.layer." + i;
      blocks.add(block(name + ".", new BucketedBias(bias), weights));
      parts.add(Named.of(name, blocks.getLast()));
    }
    parts.add(Named.of(table, bias));
    return new EncoderModel(embeddings, blocks, null, parts, maxLength());
  }

  private EncoderBlock block(String at, BucketedBias bias, Weights weights) {
    RelativeAttention attention = new RelativeAttention(heads, hiddenSize / heads,
        (float) (1 / Math.sqrt((double) hiddenSize / heads)), attentionDropout,
        linear("attention.attn.q", at, hiddenSize, hiddenSize, weights),
        linear("attention.attn.k", at, hiddenSize, hiddenSize, weights),
        linear("attention.attn.v", at, hiddenSize, hiddenSize, weights), bias);
    return new EncoderBlock(false, attention, linear("attention.attn.o", at, hiddenSize, hiddenSize, weights),
        Named.of("attention.LayerNorm", weights.layerNorm(at + "attention.LayerNorm", hiddenSize, true, eps)),
        EncoderFeedForward.plain(linear("intermediate.dense", at, hiddenSize, feedForward, weights),
            linear("output.dense", at, feedForward, hiddenSize, weights), activation),
        Named.of("output.LayerNorm", weights.layerNorm(at + "output.LayerNorm", hiddenSize, true, eps)), dropout, dropout);
  }

  private static Named<Linear> linear(String name, String at, int inputs, int outputs, Weights weights) {
    return Named.of(name, weights.linear(at + name, inputs, outputs, true));
  }

  @Override
  public Head classifier(Labels labels, Weights weights) {
    return new ClassificationHead(ClassificationHead.Pooling.FIRST, dropout,
        Named.of("classifier.dense", weights.headLinear("classifier.dense", hiddenSize, hiddenSize, true)), Activation.TANH,
        null, dropout,
        Named.of("classifier.out_proj", weights.headLinear("classifier.out_proj", hiddenSize, labels.size(), true)));
  }

  /** Heads of other tasks, buffers, and the pooler, which the classifier does without. */
  @Override
  public boolean ignores(String name, Head head) {
    return name.startsWith("lm_head.") || name.startsWith("qa_outputs.") || name.startsWith("classifier.")
        || name.contains("pooler.dense.") || name.endsWith("embeddings.position_ids");
  }

  @Override
  public AdapterTargets targets() {
    return new AdapterTargets(List.of("q", "v"), List.of("k", "v", "output.dense"), List.of(), "attention.attn.o",
        "output.dense");
  }
}
