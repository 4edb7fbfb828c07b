package dev.hone.nn.llama;

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

/** A decoder of the Llama kind without its head. Source: Touvron and others 2023. */
public final class LlamaModel implements DecoderModel {
  /** What comes before the names of the backbone in the files of models with a head. */
  public static final String PREFIX = "model.";

  private final LlamaConfig config;
  private final Embedding embeddings;
  private final List<LlamaBlock> blocks = new ArrayList<>();
  private final RmsNorm norm;

  private LlamaModel(LlamaConfig config, Weights weights) {
    this.config = config;
    embeddings = weights.embedding(PREFIX + "embed_tokens", config.vocabSize(), config.hiddenSize());
    Rotary rotary = new Rotary(config.rope());
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(LlamaBlock.load(config, i, rotary, weights));
    }
    norm = weights.rmsNorm(PREFIX + "norm", config.hiddenSize(), 0, config.eps());
  }

  /** The backbone with these weights. */
  public static LlamaModel load(LlamaConfig config, Weights weights) {
    return new LlamaModel(config, weights);
  }

  @Override
  public Embedding embeddings() {
    return embeddings;
  }

  @Override
  public Variable forward(TokenBatch batch, Pass pass, Consumer<Variable> observer) {
    Context.check(batch, config.maxLength());
    Variable x = embed(batch, pass);
    for (LlamaBlock block : blocks) {
      observer.accept(x);
      x = pass.block(in -> block.forward(in, batch, pass), x);
    }
    Variable y = norm.forward(x);
    observer.accept(y);
    return y;
  }

  private Variable embed(TokenBatch batch, Pass pass) {
    Variable x = pass.noisy(embeddings.forward(batch.tokens(), pass), batch);
    return pass.dropout(x, config.embeddingDropout(), Pass.site("embeddings", 0));
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
