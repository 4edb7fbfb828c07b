package dev.hone.nn.decoder;

import dev.hone.core.Activation;
import dev.hone.nn.AdapterTargets;
import dev.hone.nn.family.ConfigReader;
import dev.hone.nn.family.Range;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/** Makes the configuration of a decoder. What is not said is as in Llama. Each makes one. */
public final class DecoderBuilder {
  private static final int ALL = Integer.MAX_VALUE;

  private final ConfigReader json;
  private final DecoderConfig made = new DecoderConfig();

  /**
   * A decoder with what most files say by the same keys: how large the vocabulary and the layers are, whether the head is tied,
   * dropout of attention, the deviation of new weights.
   *
   * @param architecture what the classes of transformers begin with
   */
  public DecoderBuilder(ConfigReader json, String architecture) {
    this.json = json;
    made.modelType = json.text("model_type", "");
    made.architecture = architecture;
    made.vocabSize = json.size("vocab_size");
    made.tied = json.flag("tie_word_embeddings", false);
    made.padding = json.integer("pad_token_id", -1, -1, ALL);
    made.attentionDropout = (float) json.number("attention_dropout", 0, Range.DROPOUT);
    made.deviation = (float) json.number("initializer_range", 0.02, Range.NOT_NEGATIVE);
  }

  /**
   * Reads width, layers, heads and the width of the feed-forward layer by the keys of Llama.
   *
   * @param usualKvHeads where the key is missing; 0 for as many as heads, which is what null means
   * @param usualHeadDim where the key is missing; 0 for an equal share of the width
   */
  public DecoderBuilder sizes(int usualKvHeads, int usualHeadDim) {
    int width = json.size("hidden_size");
    int heads = json.size("num_attention_heads");
    int kvHeads = json.has("num_key_value_heads") ? json.size("num_key_value_heads")
        : json.names("num_key_value_heads") || usualKvHeads == 0 ? heads : usualKvHeads;
    if (!json.has("head_dim")) {
      json.requireMultiple("hidden_size", width, "num_attention_heads", heads);
    }
    int headDim = json.has("head_dim") ? json.size("head_dim") : usualHeadDim == 0 ? width / heads : usualHeadDim;
    json.requireWidth("num_attention_heads", heads, headDim);
    json.requireMultiple("num_attention_heads", heads, "num_key_value_heads", kvHeads);
    return sizes(width, json.layers("num_hidden_layers"), heads, kvHeads, headDim, json.size("intermediate_size"));
  }

  /** The sizes of families that call them otherwise. */
  public DecoderBuilder sizes(int hiddenSize, int layers, int heads, int kvHeads, int headDim, int feedForward) {
    made.hiddenSize = hiddenSize;
    made.layers = layers;
    made.heads = heads;
    made.kvHeads = kvHeads;
    made.headDim = headDim;
    made.feedForward = feedForward;
    made.windows = Collections.nCopies(layers, ALL);
    made.ropes = Collections.nCopies(layers, null);
    return scale(1 / Math.sqrt(headDim));
  }

  /** The width of a table of embeddings that is not as wide as the layers. */
  public DecoderBuilder embeddingSize(int size) {
    made.embeddingSize = size;
    return this;
  }

  /** The most tokens of a sequence, from {@code max_position_embeddings}. */
  public DecoderBuilder length(int usual) {
    return maxLength(json.size("max_position_embeddings", usual));
  }

  /** The most tokens of a sequence. */
  public DecoderBuilder maxLength(int length) {
    made.maxLength = length;
    return this;
  }

  /** Whether the head is the table where the file does not say. */
  public DecoderBuilder tied(boolean usual) {
    made.tied = json.flag("tie_word_embeddings", usual);
    return this;
  }

  /** The padding token where the file does not say; null is none. */
  public DecoderBuilder padding(int usual) {
    made.padding = json.integer("pad_token_id", json.names("pad_token_id") ? -1 : usual, -1, ALL);
    return this;
  }

  /** The padding token. */
  public DecoderBuilder pad(int token) {
    made.padding = token;
    return this;
  }

  /** The deviation of new weights where the file does not say. */
  public DecoderBuilder deviation(double deviation) {
    made.deviation = (float) deviation;
    return this;
  }

  /** What files call the parts, and so which there are. */
  public DecoderBuilder names(DecoderNames names) {
    made.names = names;
    return this;
  }

  /** The layers that adapters take if nobody says which. */
  public DecoderBuilder targets(AdapterTargets targets) {
    made.targets = targets;
    return this;
  }

  /** What the class of a language model ends with. */
  public DecoderBuilder causalName(String name) {
    made.causalName = name;
    return this;
  }

  /** The kind of norm, and the key of what it adds to the variance. */
  public DecoderBuilder norm(NormForm.Kind kind, String key, double usual) {
    made.norm = new NormForm(kind, (float) json.number(key, usual, Range.FRACTION));
    return this;
  }

  /** A norm that adds what no file says. */
  public DecoderBuilder fixedNorm(NormForm.Kind kind, double eps) {
    made.norm = new NormForm(kind, (float) eps);
    return this;
  }

  /** How the heads of queries and keys are normalised, where their norms have names. */
  public DecoderBuilder headNorms(NormForm.HeadNorms form) {
    made.headNorms = form;
    return this;
  }

  /** Heads are normalised behind the rotation. */
  public DecoderBuilder headNormsLast() {
    made.headNormLast = true;
    return this;
  }

  /** The order of attention and feed-forward layer. */
  public DecoderBuilder order(BlockOrder order) {
    made.order = order;
    return this;
  }

  /** What embeddings are multiplied by. */
  public DecoderBuilder embeddingScale(double scale) {
    made.embeddingScale = (float) scale;
    return this;
  }

  /** What attention and feed-forward layer add is multiplied by this. */
  public DecoderBuilder residualScale(double scale) {
    made.residualScale = (float) scale;
    return this;
  }

  /** What logits are multiplied by. */
  public DecoderBuilder logitScale(double scale) {
    made.logitScale = (float) scale;
    return this;
  }

  /** Soft caps of scores and of logits, 0 for none. */
  public DecoderBuilder caps(double scores, double logits) {
    made.attentionCap = (float) scores;
    made.logitCap = (float) logits;
    return this;
  }

  /** The factor of the scores, instead of 1 / √D. */
  public DecoderBuilder scale(double scale) {
    return scales(_ -> scale);
  }

  /** The scale of attention scores, for each layer. */
  public DecoderBuilder scales(IntFunction<Double> scale) {
    List<Float> scales = new ArrayList<>();
    for (int i = 0; i < made.layers; i++) {
      scales.add((float) (double) scale.apply(i));
    }
    made.scales = List.copyOf(scales);
    return this;
  }

  /** The activation of the feed-forward layer. */
  public DecoderBuilder activation(String key, String usual) {
    made.activation = json.activation(key, usual);
    return this;
  }

  /** An activation that the file does not name. */
  public DecoderBuilder activation(Activation activation) {
    made.activation = activation;
    return this;
  }

  /** Which projections have biases: of queries, keys and values; behind attention; of the feed-forward layer. */
  public DecoderBuilder biases(boolean attention, boolean output, boolean feedForward) {
    made.attentionBias = attention;
    made.outputBias = output;
    made.feedForwardBias = feedForward;
    return this;
  }

  /** The head has a bias. */
  public DecoderBuilder headBias() {
    made.headBias = true;
    return this;
  }

  /** Matrices of the layers are stored as [inputs, outputs], with biases. */
  public DecoderBuilder inputsFirst() {
    made.inputsFirst = true;
    return biases(true, true, true);
  }

  /** The fused projection has its rows by groups of heads. */
  public DecoderBuilder byGroups() {
    made.byGroups = true;
    return this;
  }

  /** The furthest that queries, keys and values are from 0. */
  public DecoderBuilder clip(double most) {
    made.clip = (float) most;
    return this;
  }

  /** How many tokens a token sees, per layer. */
  public DecoderBuilder windows(List<Integer> windows) {
    made.windows = List.copyOf(windows);
    return this;
  }

  /** One window in all layers. */
  public DecoderBuilder window(int window) {
    return windows(Collections.nCopies(made.layers, window));
  }

  /** A window in the layers that {@code layer_types} names, or a rule where the file does not have it. */
  public DecoderBuilder windows(int window, IntPredicate slidesByRule) {
    return windows(LayerTypes.windows(json, made.layers, window, slidesByRule));
  }

  /** What turns queries and keys in all layers. */
  public DecoderBuilder rope(Rope rope) {
    return ropes(_ -> rope);
  }

  /** The rotation of positions, for each layer; null where there is none. */
  public DecoderBuilder ropes(IntFunction<Rope> rope) {
    List<Rope> ropes = new ArrayList<>();
    for (int i = 0; i < made.layers; i++) {
      ropes.add(rope.apply(i));
    }
    made.ropes = Collections.unmodifiableList(ropes);
    return this;
  }

  /** Reads what turns queries and keys: {@link Rope#read(ConfigReader, double, double, int, int)}. */
  public DecoderBuilder rope(double theta, double partial) {
    return rope(Rope.read(json, theta, partial, made.headDim, made.maxLength));
  }

  /** Pairs that turn are neighbours, not a half apart. */
  public DecoderBuilder interleaved() {
    made.interleaved = true;
    return this;
  }

  /**
   * Scores have linear biases in place of positions.
   *
   * @param factor of them
   * @param rounded whether they are rounded to bfloat16
   */
  public DecoderBuilder linearBias(double factor, boolean rounded) {
    made.biasFactor = (float) factor;
    made.biasRounded = rounded;
    return this;
  }

  /** How queries grow with their positions. */
  public DecoderBuilder growth(double slope, int length) {
    made.growth = slope == 0 ? null : new DecoderAttention.Growth(slope, length);
    return this;
  }

  /** The row of a sequence's first token in the table of positions. */
  public DecoderBuilder firstPosition(int row) {
    made.firstPosition = row;
    return this;
  }

  /** Dropout of embeddings and of what attention and feed-forward layer add, by their keys. */
  public DecoderBuilder dropout(String embeddings, String residual, double usual) {
    made.embeddingDropout = embeddings == null ? 0 : (float) json.number(embeddings, usual, Range.DROPOUT);
    made.residualDropout = residual == null ? 0 : (float) json.number(residual, usual, Range.DROPOUT);
    return this;
  }

  /** Dropout of attention, by another key. */
  public DecoderBuilder attentionDropout(String key, double usual) {
    made.attentionDropout = (float) json.number(key, usual, Range.DROPOUT);
    return this;
  }

  /**
   * The decoder is the text part of a model for pictures and text, whose files keep the rest.
   *
   * @param whole the configuration that has this one as a section
   */
  public DecoderBuilder textPart(ConfigReader whole, String architecture) {
    made.textPart = true;
    made.modelType = whole.text("model_type", "");
    made.architecture = architecture;
    made.causalName = "ForConditionalGeneration";
    made.tied = whole.flag("tie_word_embeddings", made.tied);
    made.names = made.names.under(TextPart.PREFIX);
    return this;
  }

  /** What names of buffers end with that old files hold beside the weights. */
  public DecoderBuilder buffers(String... ends) {
    made.buffers = Set.of(ends);
    return this;
  }

  /** How many layers there are. */
  public int layers() {
    return made.layers;
  }

  /** D, the width of a head. */
  public int headDim() {
    return made.headDim;
  }

  /** The most tokens of a sequence. */
  public int maxLength() {
    return made.maxLength;
  }

  /** How many tokens each layer sees. */
  public List<Integer> windows() {
    return made.windows;
  }

  /** The configuration. */
  public DecoderConfig build() {
    return made;
  }
}
