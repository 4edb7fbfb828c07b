package dev.hone.nn.encoder;

import dev.hone.autograd.Block;
import dev.hone.autograd.Variable;
import dev.hone.core.ShapeException;
import dev.hone.nn.Backbone;
import dev.hone.nn.Embedding;
import dev.hone.nn.FrozenStates;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Norm;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import java.util.List;
import java.util.function.Consumer;

/**
 * An encoder without its head, in which every token sees its sequence: norm(layer_L(.. layer_1(embeddings))).
 *
 * @param input the embeddings
 * @param layers the layers in their order, L; the same one may stand there more than once
 * @param norm the final norm, or null
 * @param parts all that has weights but for embeddings and norm, each once, by its name
 * @param maxLength the most tokens that a sequence may have
 */
public record EncoderModel(EncoderEmbeddings input, List<? extends EncoderLayer> layers, Named<? extends Norm> norm,
    List<Named<?>> parts, int maxLength) implements Backbone {

  public EncoderModel {
    layers = List.copyOf(layers);
    parts = List.copyOf(parts);
  }

  @Override
  public Embedding embeddings() {
    return input.words().layer();
  }

  @Override
  public int frozenDepth() {
    return FrozenStates.depth(this, layers, norm == null ? null : norm.layer());
  }

  @Override
  public int depth() {
    return layers.size();
  }

  @Override
  public Variable embed(TokenBatch batch, Pass pass) {
    if (batch.extent() > maxLength) {
      throw new ShapeException("a sequence has " + batch.extent() + " tokens, the model takes " + maxLength
          + "; truncate it (max_length)");
    }
    return Block.run(() -> input.forward(batch, pass));
  }

  @Override
  public Variable layers(Variable in, int from, int to, int[] rows, TokenBatch batch, Pass pass, Consumer<Variable> observer) {
    Variable x = in;
    for (int i = from; i < to; i++) {
      observer.accept(x);
      EncoderLayer layer = layers.get(i);
      int index = i;
      int[] wanted = i + 1 < to ? null : rows;
      x = pass.block(before -> layer.forward(before, wanted, index, batch, pass), x, observer == NOBODY);
    }
    return x;
  }

  @Override
  public Variable finish(Variable x, Pass pass) {
    return norm == null ? x : norm.layer().forward(x);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    input.visit(visitor);
    parts.forEach(part -> Named.visit(part, visitor));
    Named.visit(norm, visitor);
  }
}
