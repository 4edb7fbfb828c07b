package dev.hone.nn.bert;

import dev.hone.core.Activation;
import dev.hone.core.io.TensorSource;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.ModelException;
import dev.hone.nn.encoder.EncoderConfig;
import dev.hone.nn.encoder.TokenClassifierHead;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import dev.hone.nn.family.Weights;
import java.util.List;
import java.util.Set;

/**
 * The sizes and switches of an encoder of the BERT kind.
 *
 * @param modelType {@code bert}, {@code roberta}, {@code xlm-roberta}, {@code camembert},
 *     {@code distilbert} or {@code electra}
 * @param vocabSize V
 * @param hiddenSize C
 * @param tableWidth E, the width of the tables of embeddings: C but for small ELECTRA models
 * @param layers L
 * @param heads H, a divisor of C
 * @param feedForward F
 * @param positions rows of the position table
 * @param firstPosition the row of a sequence's first token: 0, or the padding id + 1 for RoBERTa
 * @param types rows of the token type table, 0 if there is none
 * @param eps of the layer norms
 * @param activation of the feed-forward layer
 * @param causal whether a token sees only those up to itself, as {@code is_decoder} says
 * @param dropout of embeddings and of the output of attention and feed-forward
 * @param attentionDropout of the attention probabilities
 * @param headDropout before the classifier
 * @param deviation standard deviation of new weights
 */
public record BertConfig(String modelType, int vocabSize, int hiddenSize, int tableWidth, int layers, int heads, int feedForward,
    int positions, int firstPosition, int types, float eps, Activation activation, boolean causal, float dropout,
    float attentionDropout, float headDropout, float deviation) implements EncoderConfig {

  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("bert", "roberta", "xlm-roberta", "camembert", "distilbert", "electra");

  public BertConfig {
    if (hiddenSize % heads != 0) {
      throw new ModelException("config.json: hidden size " + hiddenSize + " is not a multiple of " + heads + " heads");
    }
    if (firstPosition < 0 || firstPosition >= positions) {
      throw new ModelException("config.json: the first position is row " + firstPosition + " of " + positions);
    }
  }

  /** With tables as wide as the layers. */
  public BertConfig(String modelType, int vocabSize, int hiddenSize, int layers, int heads, int feedForward, int positions,
      int firstPosition, int types, float eps, Activation activation, boolean causal, float dropout, float attentionDropout,
      float headDropout, float deviation) {
    this(modelType, vocabSize, hiddenSize, hiddenSize, layers, heads, feedForward, positions, firstPosition, types, eps,
        activation, causal, dropout, attentionDropout, headDropout, deviation);
  }

  /** Reads {@code config.json}. */
  public static BertConfig read(ConfigReader json) {
    String type = json.text("model_type", "");
    boolean distilled = type.equals("distilbert");
    json.requireMultiple(distilled ? "dim" : "hidden_size", json.size(distilled ? "dim" : "hidden_size"),
        distilled ? "n_heads" : "num_attention_heads", json.size(distilled ? "n_heads" : "num_attention_heads"));
    float deviation = (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE);
    int positions = json.size("max_position_embeddings", 512);
    if (distilled) {
      float dropout = (float) json.number("dropout", 0.1, Range.DROPOUT);
      return new BertConfig(type, json.size("vocab_size"), json.size("dim"), json.layers("n_layers"), json.size("n_heads"),
          json.size("hidden_dim"), positions, 0, 0, 1e-12f, json.activation("activation", "gelu"), false, dropout,
          (float) json.number("attention_dropout", 0.1, Range.DROPOUT),
          (float) json.number("seq_classif_dropout", 0.2, Range.DROPOUT), deviation);
    }
    float dropout = (float) json.number("hidden_dropout_prob", 0.1, Range.DROPOUT);
    boolean electra = type.equals("electra");
    int firstPosition = type.equals("bert") || electra ? 0 : json.integer("pad_token_id", 1, 0, positions - 2) + 1;
    return new BertConfig(type, json.size("vocab_size"), json.size("hidden_size"),
        electra ? json.size("embedding_size", 128) : json.size("hidden_size"), json.layers("num_hidden_layers"),
        json.size("num_attention_heads"), json.size("intermediate_size"), positions, firstPosition,
        json.integer("type_vocab_size", 2, 0, 1 << 16), (float) json.number("layer_norm_eps", 1e-12, Range.FRACTION),
        json.activation("hidden_act", "gelu"), json.flag("is_decoder", false), dropout,
        (float) json.number("attention_probs_dropout_prob", 0.1, Range.DROPOUT),
        (float) json.number("classifier_dropout", dropout, Range.DROPOUT), deviation);
  }

  /** D, the width of a head. */
  public int headDim() {
    return hiddenSize / heads;
  }

  @Override
  public int maxLength() {
    return positions - firstPosition;
  }

  @Override
  public Backbone backbone(Weights weights) {
    return BertModel.load(this, weights);
  }

  @Override
  public Head classifier(Labels labels, Weights weights) {
    return BertModel.head(this, labels, weights);
  }

  @Override
  public String prefix() {
    return names().prefix();
  }

  /** Language-model heads, buffers, and the pooler where the head does without. */
  @Override
  public boolean ignores(String name, Head head) {
    return name.startsWith("cls.") || name.startsWith("lm_head.") || name.startsWith("vocab_")
        || name.startsWith("generator_") || name.startsWith("discriminator_predictions.")
        || name.endsWith("embeddings.position_ids") || name.endsWith("embeddings.token_type_ids")
        || name.contains("pooler.dense.") || name.startsWith("qa_outputs.") || name.startsWith("classifier.")
        || name.startsWith("pre_classifier.");
  }

  /** Relative positions have weights that transformers 5 no longer reads: what was trained with them is refused. */
  @Override
  public void check(ConfigReader json, TensorSource source) {
    String type = json.text("position_embedding_type", "absolute");
    if (!type.equals("absolute") && (source == null
        || source.names().stream().anyMatch(name -> name.endsWith(".distance_embedding.weight")))) {
      throw json.unknown("position_embedding_type", type, Set.of("absolute"));
    }
  }

  @Override
  public String className() {
    return switch (modelType) {
      case "roberta" -> "Roberta";
      case "xlm-roberta" -> "XLMRoberta";
      case "camembert" -> "Camembert";
      case "distilbert" -> "DistilBert";
      case "electra" -> "Electra";
      default -> "Bert";
    };
  }

  @Override
  public Head tokenClassifier(Labels labels, Weights weights) {
    return new TokenClassifierHead(weights.headLinear("classifier", hiddenSize, labels.size(), true),
        modelType.equals("distilbert") ? dropout : headDropout);
  }

  @Override
  public AdapterTargets targets() {
    return modelType.equals("distilbert")
        ? new AdapterTargets(List.of("q_lin", "v_lin"), List.of("k_lin", "v_lin", "ffn.lin2"), List.of(), "attention.out_lin",
            "ffn.lin2")
        : new AdapterTargets(List.of("query", "value"), List.of("key", "value", "output.dense"), List.of(),
            "attention.output.dense", "output.dense");
  }

  BertNames names() {
    return switch (modelType) {
      case "distilbert" -> BertNames.DISTILBERT;
      case "bert" -> BertNames.BERT;
      case "electra" -> BertNames.ELECTRA;
      default -> BertNames.ROBERTA;
    };
  }
}
