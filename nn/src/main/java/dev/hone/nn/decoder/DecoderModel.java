package dev.hone.nn.decoder;

import dev.hone.autograd.Block;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Backbone;
import dev.hone.nn.Embedding;
import dev.hone.nn.FrozenStates;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Norm;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import java.util.List;
import java.util.function.Consumer;

/**
 * A decoder without its head, in which a token sees what came before it: norm(block_L(.. block_1(embeddings))).
 *
 * @param names what the parts are called
 * @param embeddings of tokens
 * @param positions learnt embeddings of positions, or null
 * @param firstPosition the row of a sequence's first token in them
 * @param embeddingNorm behind the embeddings, or null
 * @param into the projection of embeddings to the width of the layers, or null where both are as wide
 * @param blocks the layers, L
 * @param norm the final norm, or null
 * @param outOf the projection back to the width of the embeddings, or null
 * @param maxLength the most tokens that a sequence may have
 * @param dropout of the embeddings
 */
record DecoderModel(DecoderNames names, Embedding embeddings, Embedding positions, int firstPosition, Norm embeddingNorm,
    Linear into, List<DecoderBlock> blocks, Norm norm, Linear outOf, int maxLength, float dropout) implements Backbone {
  static final String INTO = "project_in";
  static final String OUT_OF = "project_out";

  DecoderModel {
    blocks = List.copyOf(blocks);
  }

  @Override
  public String unshared(Pass pass) {
    if (pass.dropout(dropout) > 0 || blocks.stream().anyMatch(block -> block.dropsOut(pass))) {
      return "the model has dropout (--dropout 0 turns it off)";
    }
    return blocks.stream().anyMatch(DecoderBlock::turnsByLength) ? "its positions depend on how long a sequence becomes" : null;
  }

  @Override
  public int frozenDepth() {
    return FrozenStates.depth(this, blocks, norm, outOf);
  }

  @Override
  public int depth() {
    return blocks.size();
  }

  @Override
  public Variable layers(Variable input, int from, int to, int[] rows, TokenBatch batch, Pass pass,
      Consumer<Variable> observer) {
    Variable x = input;
    for (int i = from; i < to; i++) {
      observer.accept(x);
      DecoderBlock block = blocks.get(i);
      int[] wanted = i + 1 < to ? null : rows;
      x = pass.block(in -> block.forward(in, wanted, batch, pass), x, observer == NOBODY);
    }
    return x;
  }

  @Override
  public Variable finish(Variable x, Pass pass) {
    Variable y = norm == null ? x : norm.forward(x);
    return outOf == null ? y : outOf.forward(y, pass);
  }

  @Override
  public Variable embed(TokenBatch batch, Pass pass) {
    Context.check(batch, maxLength);
    return Block.run(() -> embedded(batch, pass));
  }

  private Variable embedded(TokenBatch batch, Pass pass) {
    Variable x = pass.noisy(embeddings.forward(batch.tokens(), pass), batch);
    if (into != null) {
      x = into.forward(x, pass);
    }
    if (positions != null) {
      x = MathOps.add(x, positions.forward(rows(batch), pass));
    }
    if (embeddingNorm != null) {
      x = embeddingNorm.forward(x);
    }
    return pass.dropout(x, dropout, Pass.site("embeddings", 0));
  }

  private int[] rows(TokenBatch batch) {
    if (firstPosition == 0) {
      return batch.positions();
    }
    int[] rows = batch.positions().clone();
    for (int i = 0; i < rows.length; i++) {
      rows[i] += firstPosition;
    }
    return rows;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer(names.of(names.embeddings()), embeddings);
    if (positions != null) {
      visitor.layer(names.of(names.positions()), positions);
    }
    if (embeddingNorm != null) {
      visitor.layer(names.of(names.embeddingNorm()), embeddingNorm);
    }
    for (int i = 0; i < blocks.size(); i++) {
      visitor.layer(names.of(names.blocks()) + "." + i, blocks.get(i));
    }
    if (norm != null) {
      visitor.layer(names.of(names.norm()), norm);
    }
    if (into != null) {
      visitor.layer(names.beside(INTO), into);
      visitor.layer(names.beside(OUT_OF), outOf);
    }
  }
}
