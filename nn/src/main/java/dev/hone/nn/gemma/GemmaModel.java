package dev.hone.nn.gemma;

import dev.hone.autograd.Variable;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;
import dev.hone.nn.RmsNorm;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.Context;
import dev.hone.nn.decoder.DecoderModel;
import dev.hone.nn.decoder.Rotary;
import dev.hone.nn.load.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A Gemma decoder without its head. Source: Gemma Team 2024, 2025. */
public final class GemmaModel implements DecoderModel {
  /** What comes before the names of the backbone in the files of models with a head. */
  public static final String PREFIX = "model.";
  /** The files hold the norms' weights less this. */
  static final float OFFSET = 1;

  private final GemmaConfig config;
  private final Embedding embeddings;
  private final List<GemmaBlock> blocks = new ArrayList<>();
  private final RmsNorm norm;

  private GemmaModel(GemmaConfig config, Weights weights) {
    this.config = config;
    embeddings = weights.embedding(PREFIX + "embed_tokens", config.vocabSize(), config.hiddenSize())
        .scaled((float) Math.sqrt(config.hiddenSize()));
    Rotary rotary = new Rotary(config.rope());
    Rotary localRotary = new Rotary(config.localRope());
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(GemmaBlock.load(config, i, rotary, localRotary, weights));
    }
    norm = weights.rmsNorm(PREFIX + "norm", config.hiddenSize(), OFFSET, config.eps());
  }

  /** The backbone with these weights. */
  public static GemmaModel load(GemmaConfig config, Weights weights) {
    return new GemmaModel(config, weights);
  }

  @Override
  public Embedding embeddings() {
    return embeddings;
  }

  @Override
  public Variable forward(TokenBatch batch, Pass pass, Consumer<Variable> observer) {
    Context.check(batch, config.maxLength());
    Variable x = pass.noisy(embeddings.forward(batch.tokens(), pass), batch);
    for (GemmaBlock block : blocks) {
      observer.accept(x);
      x = pass.block(in -> block.forward(in, batch, pass), x);
    }
    Variable y = norm.forward(x);
    observer.accept(y);
    return y;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer(PREFIX + "embed_tokens", embeddings);
    for (int i = 0; i < blocks.size(); i++) {
      visitor.layer(PREFIX + "layers." + i, blocks.get(i));
    }
    visitor.layer(PREFIX + "norm", norm);
  }
}
