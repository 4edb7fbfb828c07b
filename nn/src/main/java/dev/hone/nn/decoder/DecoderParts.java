package dev.hone.nn.decoder;

import dev.hone.nn.Embedding;
import dev.hone.nn.Linear;
import dev.hone.nn.Norm;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import dev.hone.nn.family.Weights;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Puts a decoder together, from its configuration and its weights. */
final class DecoderParts {
  private final DecoderConfig config;
  private final Weights weights;
  private final LinearBias bias;
  private final Map<Rope, Rotary> rotaries = new IdentityHashMap<>();

  private DecoderParts(DecoderConfig config, Weights weights) {
    this.config = config;
    this.weights = weights;
    bias = config.biasFactor == 0 ? null : new LinearBias(config.heads, config.biasRounded, config.biasFactor);
  }

  static DecoderModel model(DecoderConfig config, Weights weights) {
    return new DecoderParts(config, weights).model();
  }

  private DecoderModel model() {
    DecoderNames names = config.names;
    int width = config.hiddenSize;
    boolean projected = config.tableWidth() != width;
    Embedding embeddings = weights.embedding(names.of(names.embeddings()), config.vocabSize, config.tableWidth());
    Embedding positions = names.positions() == null ? null
        : weights.embedding(names.of(names.positions()), config.firstPosition + config.maxLength, width);
    Norm embeddingNorm = names.embeddingNorm() == null ? null
        : config.norm.load(names.of(names.embeddingNorm()), width, weights);
    List<DecoderBlock> blocks = new ArrayList<>();
    for (int i = 0; i < config.layers; i++) {
      blocks.add(block(i));
    }
    return new DecoderModel(names, config.embeddingScale == 1 ? embeddings : embeddings.scaled(config.embeddingScale), positions,
        config.firstPosition, embeddingNorm,
        projected ? weights.linear(names.beside(DecoderModel.INTO), config.tableWidth(), width, false) : null, blocks,
        names.norm() == null ? null : config.norm.load(names.of(names.norm()), width, weights),
        projected ? weights.linear(names.beside(DecoderModel.OUT_OF), width, config.tableWidth(), false) : null,
        config.maxLength, config.embeddingDropout);
  }

  private DecoderBlock block(int index) {
    BlockNames names = config.names.block();
    String at = config.names.block(index);
    return new DecoderBlock(index, names, norm(at, names.attentionNorm()), attention(index, at),
        norm(at, names.attentionOutputNorm()), norm(at, names.feedForwardNorm()), feedForward(at),
        norm(at, names.feedForwardOutputNorm()), config.order, config.residualScale, config.residualDropout);
  }

  private Norm norm(String at, String name) {
    return name == null ? null : config.norm.load(at + name, config.hiddenSize, weights);
  }

  private DecoderAttention attention(int index, String block) {
    BlockNames names = config.names.block();
    String at = block + names.attention() + ".";
    int width = config.hiddenSize;
    int queries = config.heads * config.headDim;
    int keys = config.kvHeads * config.headDim;
    boolean fused = names.fused() != null;
    Rope rope = config.ropes.get(index);
    return new DecoderAttention(
        new MultiHeadAttention(index, config.heads, config.kvHeads, config.headDim, config.scales.get(index), true,
            config.windows.get(index), config.attentionCap, bias, config.attentionDropout),
        names,
        fused ? null : linear(at + names.query(), width, queries, config.attentionBias),
        fused ? null : linear(at + names.key(), width, keys, config.attentionBias),
        fused ? null : linear(at + names.value(), width, keys, config.attentionBias),
        fused ? linear(at + names.fused(), width, queries + 2 * keys, config.attentionBias) : null, config.byGroups,
        names.queryNorm() == null ? null
            : config.norm.head(at + names.queryNorm(), config.heads, config.headDim, config.headNorms, weights),
        names.keyNorm() == null ? null
            : config.norm.head(at + names.keyNorm(), config.kvHeads, config.headDim, config.headNorms, weights),
        config.headNormLast, linear(at + names.attentionOutput(), queries, width, config.outputBias),
        rope == null ? null : rotaries.computeIfAbsent(rope, each -> new Rotary(each, config.interleaved)), config.clip,
        config.growth);
  }

  private DecoderFeedForward feedForward(String block) {
    BlockNames names = config.names.block();
    String at = names.feedForward().isEmpty() ? block : block + names.feedForward() + ".";
    int width = config.hiddenSize;
    int wide = config.feedForward;
    return new DecoderFeedForward(names,
        names.gate() == null ? null : linear(at + names.gate(), width, wide, config.feedForwardBias),
        names.up() == null ? null : linear(at + names.up(), width, wide, config.feedForwardBias),
        names.fusedGate() == null ? null : linear(at + names.fusedGate(), width, 2 * wide, config.feedForwardBias),
        linear(at + names.down(), wide, width, config.feedForwardBias), config.activation);
  }

  private Linear linear(String name, int inputs, int outputs, boolean bias) {
    return config.inputsFirst ? weights.conv1d(name, inputs, outputs) : weights.linear(name, inputs, outputs, bias);
  }
}
