package dev.hone.nn.rotarybert;

import dev.hone.core.Activation;
import dev.hone.core.io.TensorSource;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.Linear;
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
import dev.hone.nn.family.RenamedTensors;
import dev.hone.nn.family.RenamedTensors.Rule;
import dev.hone.nn.family.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The sizes and switches of an encoder with rotary positions and norms after the sums.
 *
 * @param modelType {@code nomic_bert}, {@code gte} or {@code jina_embeddings_v3}
 * @param vocabSize V
 * @param hiddenSize C
 * @param layers L
 * @param heads H, a divisor of C
 * @param feedForward F
 * @param maxLength the most tokens that a sequence may have
 * @param types rows of the token type table, 0 if there is none
 * @param eps of the layer norms
 * @param activation of the feed-forward layer
 * @param rope frequencies of the rotary positions
 * @param dropout of embeddings and of the output of attention and feed-forward
 * @param attentionDropout of the attention probabilities
 * @param headDropout before the classifier
 * @param deviation standard deviation of new weights
 */
public record RotaryBertConfig(String modelType, int vocabSize, int hiddenSize, int layers, int heads, int feedForward,
    int maxLength, int types, float eps, Activation activation, Rope rope, float dropout, float attentionDropout,
    float headDropout, float deviation) implements EncoderConfig {
  /** The values of {@code model_type} that this family reads. */
  public static final Set<String> MODEL_TYPES = Set.of("nomic_bert", "gte", "jina_embeddings_v3");

  private static final String NOMIC = "nomic_bert";
  private static final String GTE = "gte";
  private static final List<String> PROJECTIONS = List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");

  /** Reads {@code config.json} as transformers 5 writes it; that of code beside the model has other keys. */
  public static RotaryBertConfig read(ConfigReader json) {
    String type = json.text("model_type", "");
    if (json.has("n_embd") && !json.has("hidden_size")) {
      throw json.fault("'n_embd' and its like are keys of code that comes with the model; take the directory that transformers 5 "
          + "made of it, whose config.json has 'hidden_size'");
    }
    int width = json.size("hidden_size", type.equals("jina_embeddings_v3") ? 1024 : 768);
    int heads = json.size("num_attention_heads", type.equals("jina_embeddings_v3") ? 16 : 12);
    json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    int maxLength = json.size("max_position_embeddings", type.equals(NOMIC) ? 2048 : 8192);
    boolean nomic = type.equals(NOMIC);
    float dropout = (float) json.number("hidden_dropout_prob", nomic ? 0 : 0.1, Range.DROPOUT);
    return new RotaryBertConfig(type, json.size("vocab_size"), width, json.layers("num_hidden_layers"), heads,
        json.size("intermediate_size"), maxLength, json.integer("type_vocab_size", nomic ? 2 : 1, 0, 1 << 16),
        (float) json.number("layer_norm_eps", type.equals("jina_embeddings_v3") ? 1e-5 : 1e-12, Range.FRACTION),
        json.activation("hidden_act", nomic ? "silu" : "gelu"),
        Rope.read(json, nomic ? 1000 : type.equals(GTE) ? 160_000 : 20_000, Double.NaN, width / heads, maxLength), dropout,
        (float) json.number("attention_probs_dropout_prob", nomic || type.equals(GTE) ? 0 : 0.1, Range.DROPOUT),
        (float) json.number("classifier_dropout", dropout, Range.DROPOUT),
        (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE));
  }

  @Override
  public String prefix() {
    return switch (modelType) {
      case NOMIC -> "nomic_bert.";
      case GTE -> "gte.";
      default -> "roberta.";
    };
  }

  @Override
  public String className() {
    return switch (modelType) {
      case NOMIC -> "NomicBert";
      case GTE -> "Gte";
      default -> "JinaEmbeddingsV3";
    };
  }

  /** Files keep the names of the code that came with the models, where queries, keys and values are one tensor. */
  @Override
  public TensorSource reading(TensorSource source) {
    return RenamedTensors.of(source, switch (modelType) {
      case NOMIC -> List.of(Rule.of("encoder.layers", "layers"), Rule.of("emb_ln", "embeddings.LayerNorm"),
          Rule.of("attn.out_proj", "self_attn.o_proj"), Rule.of("fc11", "up_proj"), Rule.of("fc12", "gate_proj"),
          Rule.of("fc2", "down_proj"), Rule.of("norm1", "post_attention_layernorm"), Rule.of("norm2", "post_mlp_layernorm"),
          new Rule("attn.Wqkv", PROJECTIONS));
      case GTE -> List.of(Rule.of("new.", ""), Rule.of("encoder.layer.", "layers."),
          Rule.of("attention.o_proj", "self_attn.o_proj"), Rule.of("attn_ln", "post_attention_layernorm"),
          Rule.of("mlp_ln", "post_mlp_layernorm"), new Rule("attention.qkv_proj", PROJECTIONS),
          Rule.of("mlp.up_gate_proj", "mlp.up_proj", "mlp.gate_proj"));
      default -> List.of(Rule.of("emb_ln", "embeddings.LayerNorm"), Rule.of("encoder.layers", "layers"),
          Rule.of("mixer.out_proj", "self_attn.o_proj"), Rule.of("norm1", "post_attention_layernorm"),
          Rule.of("norm2", "post_mlp_layernorm"), new Rule("mixer.Wqkv", PROJECTIONS));
    });
  }

  @Override
  public Backbone backbone(Weights weights) {
    String at = prefix() + "embeddings.";
    EncoderEmbeddings embeddings = new EncoderEmbeddings(
        Named.of(at + "word_embeddings", weights.embedding(at + "word_embeddings", vocabSize, hiddenSize)), null, 0,
        types == 0 ? null
            : Named.of(at + "token_type_embeddings", weights.embedding(at + "token_type_embeddings", types, hiddenSize)),
        norm(at + "LayerNorm", "", weights), null, false, dropout);
    Rotary rotary = new Rotary(rope);
    List<EncoderBlock> blocks = new ArrayList<>();
    List<Named<?>> parts = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      String name = prefix() + "layers." + i;
      blocks.add(block(name + ".", rotary, weights));
      parts.add(Named.of(name, blocks.getLast()));
    }
    return new EncoderModel(embeddings, blocks, null, parts, maxLength);
  }

  private EncoderBlock block(String at, Rotary rotary, Weights weights) {
    boolean bias = !modelType.equals(NOMIC);
    ProjectedAttention attention = new ProjectedAttention(heads, heads, hiddenSize / heads, false, Integer.MAX_VALUE,
        attentionDropout, linear(PROJECTIONS.get(0), at, hiddenSize, hiddenSize, bias, weights),
        linear(PROJECTIONS.get(1), at, hiddenSize, hiddenSize, bias, weights),
        linear(PROJECTIONS.get(2), at, hiddenSize, hiddenSize, bias, weights), null, rotary);
    return new EncoderBlock(false, attention, linear("self_attn.o_proj", at, hiddenSize, hiddenSize, bias, weights),
        norm("post_attention_layernorm", at, weights), feedForward(at, weights), norm("post_mlp_layernorm", at, weights), dropout,
        dropout);
  }

  private EncoderFeedForward feedForward(String at, Weights weights) {
    if (modelType.equals("jina_embeddings_v3")) {
      return EncoderFeedForward.plain(linear("mlp.fc1", at, hiddenSize, feedForward, true, weights),
          linear("mlp.fc2", at, feedForward, hiddenSize, true, weights), activation);
    }
    return new EncoderFeedForward(linear("mlp.gate_proj", at, hiddenSize, feedForward, false, weights),
        linear("mlp.up_proj", at, hiddenSize, feedForward, false, weights), false,
        linear("mlp.down_proj", at, feedForward, hiddenSize, modelType.equals(GTE), weights), activation,
        modelType.equals(GTE) ? dropout : EncoderFeedForward.NO_DROPOUT);
  }

  private Named<LayerNorm> norm(String name, String at, Weights weights) {
    return Named.of(name, weights.layerNorm(at + name, hiddenSize, true, eps));
  }

  private static Named<Linear> linear(String name, String at, int inputs, int outputs, boolean bias, Weights weights) {
    return Named.of(name, weights.linear(at + name, inputs, outputs, bias));
  }

  @Override
  public Head classifier(Labels labels, Weights weights) {
    boolean jina = modelType.equals("jina_embeddings_v3");
    String dense = jina ? "classifier.dense" : prefix() + "pooler.dense";
    String classifier = jina ? "classifier.out_proj" : "classifier";
    return new ClassificationHead(ClassificationHead.Pooling.FIRST, jina ? headDropout : EncoderFeedForward.NO_DROPOUT,
        Named.of(dense, weights.headLinear(dense, hiddenSize, hiddenSize, true)), Activation.TANH, null, headDropout,
        Named.of(classifier, weights.headLinear(classifier, hiddenSize, labels.size(), true)));
  }

  /** Heads of other tasks, buffers, and the pooler where the head does without. */
  @Override
  public boolean ignores(String name, Head head) {
    return name.startsWith("cls.") || name.startsWith("lm_head.") || name.startsWith("classifier.")
        || name.startsWith("qa_outputs.") || name.contains("pooler.dense.") || name.endsWith("inv_freq")
        || name.endsWith("embeddings.position_ids") || name.endsWith("embeddings.token_type_ids");
  }

  @Override
  public AdapterTargets targets() {
    return modelType.equals("jina_embeddings_v3")
        ? AdapterTargets.USUAL.withIa3("k_proj", "v_proj", "mlp.fc2").withOutputs("self_attn.o_proj", "mlp.fc2")
        : AdapterTargets.USUAL;
  }
}
