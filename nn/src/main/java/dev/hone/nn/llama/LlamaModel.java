package dev.hone.nn.llama;

import dev.hone.nn.Embedding;
import dev.hone.nn.RmsNorm;
import dev.hone.nn.decoder.DecoderModel;
import dev.hone.nn.decoder.Rotary;
import dev.hone.nn.load.Weights;
import java.util.stream.IntStream;

/** Decoders of the Llama kind without their head. Source: Touvron and others 2023. */
public final class LlamaModel {
  static final DecoderModel.Names NAMES = DecoderModel.Names.USUAL;

  private LlamaModel() {}

  /** The backbone with these weights. */
  public static DecoderModel load(LlamaConfig config, Weights weights) {
    int width = config.hiddenSize();
    Embedding embeddings = weights.embedding(NAMES.of(NAMES.embeddings()), config.vocabSize(), width);
    Rotary rotary = new Rotary(config.rope());
    var blocks = IntStream.range(0, config.layers()).mapToObj(i -> LlamaBlock.load(config, i, rotary, weights)).toList();
    RmsNorm norm = weights.rmsNorm(NAMES.of(NAMES.norm()), width, 0, config.eps());
    return new DecoderModel(NAMES, embeddings, null, blocks, norm, config.maxLength(), config.embeddingDropout());
  }
}
