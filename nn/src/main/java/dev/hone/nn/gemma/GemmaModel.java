package dev.hone.nn.gemma;

import dev.hone.nn.Embedding;
import dev.hone.nn.RmsNorm;
import dev.hone.nn.decoder.DecoderModel;
import dev.hone.nn.decoder.Rotary;
import dev.hone.nn.load.Weights;
import java.util.stream.IntStream;

/** Gemma decoders without their head. Source: Gemma Team 2024, 2025. */
public final class GemmaModel {
  static final DecoderModel.Names NAMES = DecoderModel.Names.USUAL;
  /** The files hold the norms' weights less this. */
  static final float OFFSET = 1;

  private GemmaModel() {}

  /** The backbone with these weights. */
  public static DecoderModel load(GemmaConfig config, Weights weights) {
    int width = config.hiddenSize();
    Embedding embeddings = weights.embedding(NAMES.of(NAMES.embeddings()), config.vocabSize(), width)
        .scaled((float) Math.sqrt(width));
    Rotary rotary = new Rotary(config.rope());
    Rotary localRotary = new Rotary(config.localRope());
    var blocks = IntStream.range(0, config.layers())
        .mapToObj(i -> GemmaBlock.load(config, i, rotary, localRotary, weights)).toList();
    RmsNorm norm = weights.rmsNorm(NAMES.of(NAMES.norm()), width, OFFSET, config.eps());
    return new DecoderModel(NAMES, embeddings, null, blocks, norm, config.maxLength(), 0);
  }
}
