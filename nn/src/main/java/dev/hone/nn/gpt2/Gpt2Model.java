package dev.hone.nn.gpt2;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.Context;
import dev.hone.nn.decoder.DecoderModel;
import dev.hone.nn.load.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** GPT-2 without its head. Source: Radford and others 2019. */
public final class Gpt2Model implements DecoderModel {
  /** What comes before the names of the backbone in files of Hugging Face; the original ones have nothing. */
  public static final String PREFIX = "transformer.";

  private final Gpt2Config config;
  private final Embedding embeddings;
  private final Embedding positions;
  private final List<Gpt2Block> blocks = new ArrayList<>();
  private final LayerNorm norm;

  private Gpt2Model(Gpt2Config config, Weights weights) {
    this.config = config;
    embeddings = weights.embedding(PREFIX + "wte", config.vocabSize(), config.hiddenSize());
    positions = weights.embedding(PREFIX + "wpe", config.maxLength(), config.hiddenSize());
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(Gpt2Block.load(config, i, weights));
    }
    norm = weights.layerNorm(PREFIX + "ln_f", config.hiddenSize(), true, config.eps());
  }

  /** The backbone with these weights. */
  public static Gpt2Model load(Gpt2Config config, Weights weights) {
    return new Gpt2Model(config, weights);
  }

  /** Buffers that old files hold beside the weights: the causal masks. */
  public static boolean isIgnored(String name) {
    return name.endsWith(".attn.bias") || name.endsWith(".attn.masked_bias");
  }

  @Override
  public Embedding embeddings() {
    return embeddings;
  }

  @Override
  public Variable forward(TokenBatch batch, Pass pass, Consumer<Variable> observer) {
    Context.check(batch, config.maxLength());
    Variable tokens = pass.noisy(embeddings.forward(batch.tokens(), pass), batch);
    Variable sum = MathOps.add(tokens, positions.forward(batch.positions(), pass));
    Variable x = pass.dropout(sum, config.embeddingDropout(), Pass.site("embeddings", 0));
    for (Gpt2Block block : blocks) {
      observer.accept(x);
      x = pass.block(in -> block.forward(in, batch, pass), x);
    }
    Variable y = norm.forward(x);
    observer.accept(y);
    return y;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer(PREFIX + "wte", embeddings);
    visitor.layer(PREFIX + "wpe", positions);
    for (int i = 0; i < blocks.size(); i++) {
      visitor.layer(PREFIX + "h." + i, blocks.get(i));
    }
    visitor.layer(PREFIX + "ln_f", norm);
  }
}
