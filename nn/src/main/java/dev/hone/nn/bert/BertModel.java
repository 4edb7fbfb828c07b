package dev.hone.nn.bert;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.core.ShapeException;
import dev.hone.nn.Backbone;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.load.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;

/** An encoder of the BERT kind without its head. Source: Devlin and others 2018; Liu and others 2019; Sanh and others 2019. */
public final class BertModel implements Backbone {
  private final BertConfig config;
  private final Embedding words;
  private final Embedding positions;
  private final Embedding types;
  private final LayerNorm norm;
  private final List<BertBlock> blocks;

  private BertModel(BertConfig config, Weights weights) {
    this.config = config;
    String at = config.names().prefix() + "embeddings.";
    words = weights.embedding(at + "word_embeddings", config.vocabSize(), config.hiddenSize());
    positions = weights.embedding(at + "position_embeddings", config.positions(), config.hiddenSize());
    types = config.types() == 0 ? null
        : weights.embedding(at + "token_type_embeddings", config.types(), config.hiddenSize());
    norm = weights.layerNorm(at + "LayerNorm", config.hiddenSize(), true, config.eps());
    blocks = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(BertBlock.load(config, i, weights));
    }
  }

  /** The backbone with these weights. */
  public static BertModel load(BertConfig config, Weights weights) {
    return new BertModel(config, weights);
  }

  @Override
  public Embedding embeddings() {
    return words;
  }

  @Override
  public Variable forward(TokenBatch batch, Pass pass, Consumer<Variable> observer) {
    if (batch.extent() > config.maxLength()) {
      throw new ShapeException("a sequence has " + batch.extent() + " tokens, the model takes " + config.maxLength()
          + "; truncate it (max_length)");
    }
    Variable x = pass.droppedOut(embed(batch, pass), config.dropout(), Pass.site("embeddings", 0));
    observer.accept(x);
    for (BertBlock block : blocks) {
      Variable y = pass.block(in -> block.forward(in, batch, pass), x);
      if (observer == NOBODY) {
        x.spent();
      }
      x = y;
      observer.accept(x);
    }
    return x;
  }

  private Variable embed(TokenBatch batch, Pass pass) {
    int[] rows = new int[batch.size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = batch.positions()[i] + config.firstPosition();
    }
    Variable x = pass.noisy(words.forward(batch.tokens(), pass), batch);
    if (types != null) {
      x = spentIn(MathOps::add, x, types.forward(batch.types() == null ? new int[batch.size()] : batch.types(), pass));
    }
    return spentIn(norm::forward, x, positions.forward(rows, pass));
  }

  private static Variable spentIn(BinaryOperator<Variable> operator, Variable a, Variable b) {
    Variable y = operator.apply(a, b);
    a.spent();
    b.spent();
    return y;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    BertNames names = config.names();
    String at = names.prefix() + "embeddings.";
    visitor.layer(at + "word_embeddings", words);
    visitor.layer(at + "position_embeddings", positions);
    if (types != null) {
      visitor.layer(at + "token_type_embeddings", types);
    }
    visitor.layer(at + "LayerNorm", norm);
    for (int i = 0; i < blocks.size(); i++) {
      visitor.layer(names.prefix() + names.layer() + i, blocks.get(i));
    }
  }
}
