package dev.hone.nn.gpt2;

import dev.hone.nn.Embedding;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.decoder.DecoderModel;
import dev.hone.nn.load.Weights;
import java.util.stream.IntStream;

/** GPT-2 without its head. Source: Radford and others 2019. */
public final class Gpt2Model {
  /** In files of Hugging Face; the original ones have no prefix. */
  static final DecoderModel.Names NAMES = new DecoderModel.Names("transformer.", "wte", "wpe", "h", "ln_f");

  private Gpt2Model() {}

  /** The backbone with these weights. */
  public static DecoderModel load(Gpt2Config config, Weights weights) {
    int width = config.hiddenSize();
    Embedding embeddings = weights.embedding(NAMES.of(NAMES.embeddings()), config.vocabSize(), width);
    Embedding positions = weights.embedding(NAMES.of(NAMES.positions()), config.maxLength(), width);
    var blocks = IntStream.range(0, config.layers()).mapToObj(i -> Gpt2Block.load(config, i, weights)).toList();
    LayerNorm norm = weights.layerNorm(NAMES.of(NAMES.norm()), width, true, config.eps());
    return new DecoderModel(NAMES, embeddings, positions, blocks, norm, config.maxLength(), config.embeddingDropout());
  }
}
