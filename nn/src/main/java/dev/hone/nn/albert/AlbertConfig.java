package dev.hone.nn.albert;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.Linear;
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
 * The sizes and switches of an ALBERT.
 *
 * @param vocabSize V
 * @param tableWidth E, the width of the tables
 * @param hiddenSize C
 * @param depth how often a group of layers is gone through
 * @param groups number of groups, which the depth is shared out among
 * @param inner layers of a group
 * @param heads H, a divisor of C
 * @param feedForward F
 * @param positions rows of the position table
 * @param types rows of the token type table
 * @param eps of the layer norms
 * @param activation of the feed-forward layer
 * @param dropout of embeddings and of what attention adds
 * @param attentionDropout of the attention probabilities
 * @param headDropout before the classifier
 * @param deviation standard deviation of new weights
 */
public record AlbertConfig(int vocabSize, int tableWidth, int hiddenSize, int depth, int groups, int inner, int heads,
    int feedForward, int positions, int types, float eps, Activation activation, float dropout, float attentionDropout,
    float headDropout, float deviation) implements EncoderConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("albert");

  private static final String PREFIX = "albert.";

  /** Reads {@code config.json}. */
  public static AlbertConfig read(ConfigReader json) {
    json.requireMultiple("hidden_size", json.size("hidden_size"), "num_attention_heads", json.size("num_attention_heads"));
    return new AlbertConfig(json.size("vocab_size"), json.size("embedding_size", 128), json.size("hidden_size"),
        json.layers("num_hidden_layers"), json.integer("num_hidden_groups", 1, 1, json.layers("num_hidden_layers")),
        json.integer("inner_group_num", 1, 1, 1000), json.size("num_attention_heads"), json.size("intermediate_size"),
        json.size("max_position_embeddings", 512), json.size("type_vocab_size", 2),
        (float) json.number("layer_norm_eps", 1e-12, Range.FRACTION), json.activation("hidden_act", "gelu_new"),
        (float) json.number("hidden_dropout_prob", 0, Range.DROPOUT),
        (float) json.number("attention_probs_dropout_prob", 0, Range.DROPOUT),
        (float) json.number("classifier_dropout_prob", 0.1, Range.DROPOUT),
        (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
  }

  @Override
  public String modelType() {
    return "albert";
  }

  @Override
  public int layers() {
    return depth * inner;
  }

  @Override
  public int maxLength() {
    return positions;
  }

  @Override
  public String prefix() {
    return PREFIX;
  }

  @Override
  public String className() {
    return "Albert";
  }

  @Override
  public Backbone backbone(Weights weights) {
    String at = PREFIX + "embeddings.";
    String mapping = PREFIX + "encoder.embedding_hidden_mapping_in";
    EncoderEmbeddings embeddings = new EncoderEmbeddings(
        Named.of(at + "word_embeddings", weights.embedding(at + "word_embeddings", vocabSize, tableWidth)),
        Named.of(at + "position_embeddings", weights.embedding(at + "position_embeddings", positions, tableWidth)), 0,
        Named.of(at + "token_type_embeddings", weights.embedding(at + "token_type_embeddings", types, tableWidth)),
        Named.of(at + "LayerNorm", weights.layerNorm(at + "LayerNorm", tableWidth, true, eps)),
        Named.of(mapping, weights.linear(mapping, tableWidth, hiddenSize, true)), false, dropout);
    List<Named<?>> parts = new ArrayList<>();
    List<List<EncoderBlock>> shared = new ArrayList<>();
    for (int group = 0; group < groups; group++) {
      shared.add(new ArrayList<>());
      for (int i = 0; i < inner; i++) {
        String name = PREFIX + "encoder.albert_layer_groups." + group + ".albert_layers." + i;
        shared.get(group).add(block(name + ".", weights));
        parts.add(Named.of(name, shared.get(group).getLast()));
      }
    }
    List<EncoderBlock> path = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      path.addAll(shared.get((int) (i / ((double) depth / groups))));
    }
    return new EncoderModel(embeddings, path, null, parts, positions);
  }

  private EncoderBlock block(String at, Weights weights) {
    ProjectedAttention attention = new ProjectedAttention(heads, heads, hiddenSize / heads, false, Integer.MAX_VALUE,
        attentionDropout, linear("attention.query", at, weights), linear("attention.key", at, weights),
        linear("attention.value", at, weights), null, null);
    return new EncoderBlock(false, attention, linear("attention.dense", at, weights),
        Named.of("attention.LayerNorm", weights.layerNorm(at + "attention.LayerNorm", hiddenSize, true, eps)),
        EncoderFeedForward.plain(Named.of("ffn", weights.linear(at + "ffn", hiddenSize, feedForward, true)),
            Named.of("ffn_output", weights.linear(at + "ffn_output", feedForward, hiddenSize, true)), activation),
        Named.of("full_layer_layer_norm", weights.layerNorm(at + "full_layer_layer_norm", hiddenSize, true, eps)),
        dropout, EncoderFeedForward.NO_DROPOUT);
  }

  private Named<Linear> linear(String name, String at, Weights weights) {
    return Named.of(name, weights.linear(at + name, hiddenSize, hiddenSize, true));
  }

  @Override
  public Head classifier(Labels labels, Weights weights) {
    String pooler = PREFIX + "pooler";
    return new ClassificationHead(ClassificationHead.Pooling.FIRST, EncoderFeedForward.NO_DROPOUT,
        Named.of(pooler, weights.headLinear(pooler, hiddenSize, hiddenSize, true)), Activation.TANH, null, headDropout,
        Named.of("classifier", weights.headLinear("classifier", hiddenSize, labels.size(), true)));
  }

  /** Heads of other tasks, buffers, and the pooler where the head does without. */
  @Override
  public boolean ignores(String name, Head head) {
    return name.startsWith("predictions.") || name.startsWith("sop_classifier.") || name.startsWith("qa_outputs.")
        || name.startsWith("classifier.") || name.contains("pooler.") || name.endsWith("embeddings.position_ids");
  }

  @Override
  public AdapterTargets targets() {
    return new AdapterTargets(List.of("query", "value"), List.of("key", "value", "ffn_output"), List.of(), "attention.dense",
        "ffn_output");
  }
}
