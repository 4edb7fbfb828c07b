package dev.hone.nn.deberta;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Embedding;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.Linear;
import dev.hone.nn.encoder.ClassificationHead;
import dev.hone.nn.encoder.Disentangled;
import dev.hone.nn.encoder.EncoderAttention;
import dev.hone.nn.encoder.EncoderBlock;
import dev.hone.nn.encoder.EncoderConfig;
import dev.hone.nn.encoder.EncoderEmbeddings;
import dev.hone.nn.encoder.EncoderFeedForward;
import dev.hone.nn.encoder.EncoderLayer;
import dev.hone.nn.encoder.EncoderModel;
import dev.hone.nn.encoder.Named;
import dev.hone.nn.encoder.ProjectedAttention;
import dev.hone.nn.encoder.RelativeAttention;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import dev.hone.nn.family.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The sizes and switches of a DeBERTa 2 or 3.
 *
 * @param vocabSize V
 * @param tableWidth E, the width of the tables of embeddings
 * @param hiddenSize C
 * @param layers L
 * @param heads H, a divisor of C
 * @param feedForward F
 * @param positions the most tokens of a sequence
 * @param positionTable whether positions are added to the embeddings
 * @param types rows of the token type table, 0 if there is none
 * @param eps of the layer norms
 * @param activation of the feed-forward layer
 * @param distances what attention knows of them, or null for nothing
 * @param convolution width of the convolution beside the first layer, 0 for none
 * @param convolutionActivation its activation
 * @param dropout of embeddings, distances and the output of attention and feed-forward
 * @param attentionDropout of the attention probabilities
 * @param poolerDropout before the classifier's dense layer
 * @param poolerActivation of that layer
 * @param headDropout before the classifier
 * @param deviation standard deviation of new weights
 */
public record DebertaConfig(int vocabSize, int tableWidth, int hiddenSize, int layers, int heads, int feedForward, int positions,
    boolean positionTable, int types, float eps, Activation activation, Distances distances, int convolution,
    Activation convolutionActivation, float dropout, float attentionDropout, float poolerDropout, Activation poolerActivation,
    float headDropout, float deviation) implements EncoderConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("deberta-v2");

  private static final String PREFIX = "deberta.";

  /**
   * What attention knows of distances.
   *
   * @param farthest the largest that is told from others
   * @param buckets rows for one side, or 0 where every distance has its own
   * @param normed whether the rows are normalised
   * @param shared whether rows are projected as tokens are, and not by projections of their own
   * @param forQueries whether queries are compared with them (c2p)
   * @param forKeys whether keys are (p2c)
   */
  public record Distances(int farthest, int buckets, boolean normed, boolean shared, boolean forQueries, boolean forKeys) {
    int span() {
      return buckets > 0 ? buckets : farthest;
    }

    /** How many products make a score. */
    int products() {
      return 1 + (forQueries ? 1 : 0) + (forKeys ? 1 : 0);
    }
  }

  /** Reads {@code config.json}. */
  public static DebertaConfig read(ConfigReader json) {
    int width = json.size("hidden_size");
    int heads = json.size("num_attention_heads");
    json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    if (json.size("attention_head_size", width / heads) != width / heads) {
      throw json.fault("'attention_head_size' " + json.shown("attention_head_size") + " is not hidden size / heads, "
          + width / heads + ", which alone is supported");
    }
    if (json.size("pooler_hidden_size", width) != width) {
      throw json.fault("'pooler_hidden_size' " + json.shown("pooler_hidden_size") + " must be the hidden size, " + width);
    }
    if (json.size("conv_groups", 1) != 1) {
      throw json.fault("'conv_groups' is " + json.shown("conv_groups") + "; known: 1");
    }
    int positions = json.size("max_position_embeddings", 512);
    float dropout = (float) json.number("hidden_dropout_prob", 0.1, Range.DROPOUT);
    int convolution = json.integer("conv_kernel_size", 0, 0, 1 << 10);
    if (convolution > 0 && convolution % 2 == 0) {
      throw json.fault("'conv_kernel_size' " + convolution + " must be odd: what comes out is as long as what goes in");
    }
    return new DebertaConfig(json.size("vocab_size"), json.size("embedding_size", width), width, json.layers("num_hidden_layers"),
        heads, json.size("intermediate_size"), positions, json.flag("position_biased_input", true),
        json.integer("type_vocab_size", 0, 0, 1 << 16), (float) json.number("layer_norm_eps", 1e-7, Range.FRACTION),
        json.activation("hidden_act", "gelu"), json.flag("relative_attention", false) ? distances(json, positions) : null,
        convolution, json.activation("conv_act", "tanh"), dropout,
        (float) json.number("attention_probs_dropout_prob", 0.1, Range.DROPOUT),
        (float) json.number("pooler_dropout", 0, Range.DROPOUT), json.activation("pooler_hidden_act", "gelu"),
        (float) json.number("cls_dropout", dropout, Range.DROPOUT),
        (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
  }

  private static Distances distances(ConfigReader json, int positions) {
    List<String> kinds = json.isText("pos_att_type")
        ? Arrays.stream(json.text("pos_att_type", "").toLowerCase(Locale.ROOT).split("\\|")).map(String::strip).toList()
        : json.texts("pos_att_type");
    for (String kind : kinds) {
      if (!kind.equals("c2p") && !kind.equals("p2c")) {
        throw json.unknown("pos_att_type", kind, Set.of("c2p", "p2c"));
      }
    }
    int farthest = json.integer("max_relative_positions", -1, Integer.MIN_VALUE, 1 << 20);
    int buckets = json.integer("position_buckets", -1, Integer.MIN_VALUE, 1 << 20);
    if (buckets > 0 && (buckets < 4 || buckets % 2 != 0)) {
      throw json.fault("'position_buckets' " + buckets + " must be even and at least 4, or -1 for none");
    }
    boolean normed = json.text("norm_rel_ebd", "none").toLowerCase(Locale.ROOT).contains("layer_norm");
    return new Distances(farthest < 1 ? positions : farthest, Math.max(0, buckets), normed, json.flag("share_att_key", false),
        kinds.contains("c2p"), kinds.contains("p2c"));
  }

  @Override
  public String modelType() {
    return "deberta-v2";
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
    return "DebertaV2";
  }

  @Override
  public Backbone backbone(Weights weights) {
    String at = PREFIX + "embeddings.";
    EncoderEmbeddings embeddings = new EncoderEmbeddings(table(at + "word_embeddings", vocabSize, weights),
        positionTable ? table(at + "position_embeddings", positions, weights) : null, 0,
        types == 0 ? null : table(at + "token_type_embeddings", types, weights),
        Named.of(at + "LayerNorm", weights.layerNorm(at + "LayerNorm", hiddenSize, true, eps)),
        tableWidth == hiddenSize ? null
            : Named.of(at + "embed_proj", weights.linear(at + "embed_proj", tableWidth, hiddenSize, false)), true, dropout);
    String encoder = PREFIX + "encoder.";
    Embedding rows = distances == null ? null : weights.embedding(encoder + "rel_embeddings", 2 * distances.span(), hiddenSize);
    LayerNorm norm = distances == null || !distances.normed() ? null
        : weights.layerNorm(encoder + "LayerNorm", hiddenSize, true, eps);
    Convolution beside = convolution == 0 ? null : new Convolution(
        weights.parameter(encoder + "conv.conv.weight", hiddenSize, hiddenSize, convolution),
        weights.parameter(encoder + "conv.conv.bias", hiddenSize),
        weights.layerNorm(encoder + "conv.LayerNorm", hiddenSize, true, eps), convolutionActivation, dropout);
    List<EncoderLayer> blocks = new ArrayList<>();
    List<Named<?>> parts = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      String name = encoder + "layer." + i;
      EncoderBlock block = block(name + ".", rows, norm, parts, name, weights);
      blocks.add(i == 0 && beside != null ? beside.beside(block) : block);
    }
    if (rows != null) {
      parts.add(Named.of(encoder + "rel_embeddings", rows));
    }
    if (norm != null) {
      parts.add(Named.of(encoder + "LayerNorm", norm));
    }
    if (beside != null) {
      parts.add(Named.of(encoder + "conv", beside));
    }
    return new EncoderModel(embeddings, blocks, null, parts, positions);
  }

  private Named<Embedding> table(String name, int rows, Weights weights) {
    return Named.of(name, weights.embedding(name, rows, tableWidth));
  }

  private EncoderBlock block(String at, Embedding rows, LayerNorm norm, List<Named<?>> parts, String name, Weights weights) {
    Named<Linear> query = linear("attention.self.query_proj", at, hiddenSize, hiddenSize, weights);
    Named<Linear> key = linear("attention.self.key_proj", at, hiddenSize, hiddenSize, weights);
    Named<Linear> value = linear("attention.self.value_proj", at, hiddenSize, hiddenSize, weights);
    Named<Linear> distanceKey = null;
    Named<Linear> distanceQuery = null;
    EncoderAttention attention;
    if (distances == null) {
      attention = new ProjectedAttention(heads, heads, hiddenSize / heads, false, Integer.MAX_VALUE, attentionDropout, query, key,
          value, null, null);
    } else {
      if (!distances.shared()) {
        distanceKey = distances.forQueries()
            ? linear("attention.self.pos_key_proj", at, hiddenSize, hiddenSize, weights) : null;
        distanceQuery = distances.forKeys()
            ? linear("attention.self.pos_query_proj", at, hiddenSize, hiddenSize, weights) : null;
      }
      float scale = (float) (1 / Math.sqrt((double) hiddenSize / heads * distances.products()));
      attention = new RelativeAttention(heads, hiddenSize / heads, scale, attentionDropout, query, key, value,
          new Disentangled(rows, norm, distances.span(), distances.buckets(), distances.farthest(),
              !distances.forQueries() ? null : (distances.shared() ? key : distanceKey).layer(),
              !distances.forKeys() ? null : (distances.shared() ? query : distanceQuery).layer(), scale, dropout));
    }
    EncoderBlock block = new EncoderBlock(false, attention,
        linear("attention.output.dense", at, hiddenSize, hiddenSize, weights),
        Named.of("attention.output.LayerNorm", weights.layerNorm(at + "attention.output.LayerNorm", hiddenSize, true, eps)),
        EncoderFeedForward.plain(linear("intermediate.dense", at, hiddenSize, feedForward, weights),
            linear("output.dense", at, feedForward, hiddenSize, weights), activation),
        Named.of("output.LayerNorm", weights.layerNorm(at + "output.LayerNorm", hiddenSize, true, eps)), dropout, dropout);
    parts.add(Named.of(name, block));
    if (distanceKey != null) {
      parts.add(Named.of(at + distanceKey.name(), distanceKey.layer()));
    }
    if (distanceQuery != null) {
      parts.add(Named.of(at + distanceQuery.name(), distanceQuery.layer()));
    }
    return block;
  }

  private static Named<Linear> linear(String name, String at, int inputs, int outputs, Weights weights) {
    return Named.of(name, weights.linear(at + name, inputs, outputs, true));
  }

  @Override
  public Head classifier(Labels labels, Weights weights) {
    return new ClassificationHead(ClassificationHead.Pooling.FIRST, poolerDropout,
        Named.of("pooler.dense", weights.headLinear("pooler.dense", hiddenSize, hiddenSize, true)), poolerActivation, null,
        headDropout, Named.of("classifier", weights.headLinear("classifier", hiddenSize, labels.size(), true)));
  }

  /** Heads of other tasks, buffers, and a table of positions that the configuration does without. */
  @Override
  public boolean ignores(String name, Head head) {
    return name.startsWith("cls.") || name.startsWith("lm_predictions.") || name.startsWith("mask_predictions.")
        || name.startsWith("qa_outputs.") || name.startsWith("classifier.") || name.startsWith("pooler.")
        || name.contains("position_embeddings") || name.endsWith("embeddings.position_ids");
  }

  @Override
  public AdapterTargets targets() {
    return new AdapterTargets(List.of("query_proj", "value_proj"), List.of("key_proj", "value_proj", "output.dense"), List.of(),
        "attention.output.dense", "output.dense");
  }
}
