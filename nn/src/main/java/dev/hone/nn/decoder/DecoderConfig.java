package dev.hone.nn.decoder;

import dev.hone.core.Activation;
import dev.hone.core.io.TensorSource;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.Backbone;
import dev.hone.nn.CausalHead;
import dev.hone.nn.Embedding;
import dev.hone.nn.Head;
import dev.hone.nn.Labels;
import dev.hone.nn.Linear;
import dev.hone.nn.MeanPooling;
import dev.hone.nn.ModelException;
import dev.hone.nn.Task;
import dev.hone.nn.family.FamilyConfig;
import dev.hone.nn.family.Weights;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What {@code config.json} says about a decoder: sizes and switches of the one decoder that all families are. A family reads its
 * keys into a {@link DecoderBuilder}; what it does not set is as in Llama.
 */
public final class DecoderConfig implements FamilyConfig {
  // set by the builder alone, before anybody else sees the configuration
  String modelType;
  String architecture;
  String causalName = "ForCausalLM";
  DecoderNames names = DecoderNames.LLAMA;
  AdapterTargets targets = AdapterTargets.USUAL;
  int vocabSize;
  int hiddenSize;
  int embeddingSize; // of the table, where it is not as wide as the layers; 0 if it is
  int layers;
  int heads;
  int kvHeads;
  int headDim;
  int feedForward;
  int maxLength;
  int firstPosition;
  float embeddingScale = 1;
  NormForm norm;
  BlockOrder order = BlockOrder.IN_TURN;
  float residualScale = 1;
  Activation activation = Activation.SILU;
  boolean attentionBias;
  boolean outputBias;
  boolean feedForwardBias;
  boolean headBias;
  boolean inputsFirst;
  boolean byGroups;
  NormForm.HeadNorms headNorms = NormForm.HeadNorms.ALL_ALIKE;
  boolean headNormLast;
  float clip;
  List<Float> scales; // of the scores, per layer
  float attentionCap;
  List<Integer> windows;
  List<Rope> ropes; // per layer, null where queries and keys are not turned
  boolean interleaved;
  float biasFactor; // of linear biases; 0 for none
  boolean biasRounded;
  DecoderAttention.Growth growth;
  float logitScale = 1;
  float logitCap;
  boolean tied;
  int padding = -1;
  float embeddingDropout;
  float residualDropout;
  float attentionDropout;
  float deviation = 0.02f;
  Set<String> buffers = Set.of();
  boolean textPart; // of a model for pictures and text

  DecoderConfig() {}

  /** The first rope that some layer has, or null; for files with one for all layers it is that one. */
  public Rope rope() {
    return ropes.stream().filter(Objects::nonNull).findFirst().orElse(null);
  }

  /** What turns queries and keys of a layer, or null. */
  public Rope rope(int layer) {
    return ropes.get(layer);
  }

  /**
   * The longest sequence whose keys stay as they are when it grows; those of a longer one are all turned another way, and a cache
   * of them begins anew. {@link Integer#MAX_VALUE} if there is no such length.
   */
  public int reach() {
    int reach = ropes.stream().filter(Objects::nonNull).mapToInt(Rope::reach).min().orElse(Integer.MAX_VALUE);
    return reach < maxLength ? reach : Integer.MAX_VALUE;
  }

  /** How many tokens a token sees, itself included, per layer; {@link Integer#MAX_VALUE} for all. */
  public List<Integer> windows() {
    return windows;
  }

  /** H, the number of heads. */
  public int heads() {
    return heads;
  }

  /** G, the number of heads of keys and values. */
  public int kvHeads() {
    return kvHeads;
  }

  /** D, the width of a head. */
  public int headDim() {
    return headDim;
  }

  /** F, the width of the feed-forward layers. */
  public int feedForward() {
    return feedForward;
  }

  /** Soft cap of the scores of attention, 0 for none. */
  public float attentionCap() {
    return attentionCap;
  }

  /** Soft cap of the logits, 0 for none. */
  public float logitCap() {
    return logitCap;
  }

  /** Whether the configuration says that the head is the embedding table. */
  public boolean tied() {
    return tied;
  }

  /** Id of the padding token, -1 if there is none. */
  public int padding() {
    return padding;
  }

  @Override
  public String modelType() {
    return modelType;
  }

  @Override
  public int vocabSize() {
    return vocabSize;
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }

  @Override
  public int maxLength() {
    return maxLength;
  }

  @Override
  public int layers() {
    return layers;
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
  public float deviation() {
    return deviation;
  }

  /** What its parts are called in the files of models with a head. */
  public DecoderNames names() {
    return names;
  }

  @Override
  public String prefix() {
    return names.prefix();
  }

  @Override
  public Backbone backbone(Weights weights) {
    return DecoderParts.model(this, weights);
  }

  /** As transformers, which keeps a head that is not the table, whatever the configuration says. */
  @Override
  public Head head(Task task, Labels labels, Backbone backbone, Weights weights) {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> LastTokenHead.load(tableWidth(), padding, labels, weights);
      case TOKEN_CLASSIFICATION -> throw new ModelException("model_type '" + modelType() + "' sees only what comes before a "
          + "token; tokens are labelled by encoders, such as BERT");
      case CAUSAL_LM -> causalHead(backbone, weights);
      case EMBEDDING -> new MeanPooling();
    };
  }

  private Head causalHead(Backbone backbone, Weights weights) {
    boolean sharing = tied && !weights.differs(names.headWeight(), backbone.embeddings().weight());
    if (sharing && headBias) {
      throw new ModelException("config.json: 'tie_word_embeddings' is true, but the head of a " + modelType
          + " has a bias; known: false");
    }
    Embedding table = backbone.embeddings();
    int width = table.weight().shape().dim(1);
    return new CausalHead(names.head(), sharing ? Linear.sharing(table.weight())
        : weights.linear(names.head(), width, table.weight().shape().dim(0), headBias), logitScale, logitCap);
  }

  int tableWidth() {
    return embeddingSize == 0 ? hiddenSize : embeddingSize;
  }

  /** With a tied head the table may be stored under the head's name alone. */
  @Override
  public String fileName(String name, TensorSource source) {
    String file = textPart ? TextPart.fileName(name, source) : FamilyConfig.super.fileName(name, source);
    return tied && name.equals(names.table()) && !source.contains(file) && source.contains(names.headWeight())
        ? names.headWeight() : file;
  }

  @Override
  public String storedName(String name, Task task) {
    return textPart ? TextPart.storedName(name) : FamilyConfig.super.storedName(name, task);
  }

  @Override
  public boolean keeps(String name) {
    return textPart && TextPart.isOther(name);
  }

  /** A file of another task has another head, and old files hold the table of a tied head twice, and buffers. */
  @Override
  public boolean ignores(String name, Head head) {
    return name.startsWith("score.") && !(head instanceof LastTokenHead)
        || name.startsWith(names.head() + ".") && !(head instanceof CausalHead causal && !causal.tied())
        || textPart && TextPart.isHead(name) || name.endsWith(".rotary_emb.inv_freq")
        || buffers.stream().anyMatch(name::endsWith);
  }

  @Override
  public boolean storesInputsFirst(String name) {
    return inputsFirst && name.startsWith(prefix());
  }

  @Override
  public String architecture(Task task) {
    return switch (task) {
      case SEQUENCE_CLASSIFICATION -> architecture + "ForSequenceClassification";
      case TOKEN_CLASSIFICATION -> architecture + "ForTokenClassification";
      case CAUSAL_LM -> architecture.replace("3Text", "3") + causalName;
      case EMBEDDING -> architecture + (textPart ? causalName : "Model");
    };
  }

  @Override
  public AdapterTargets targets() {
    return targets;
  }
}
