package dev.hone.nn.encoder;

import dev.hone.autograd.Variable;
import dev.hone.core.ShapeException;
import dev.hone.nn.Backbone;
import dev.hone.nn.Embedding;
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
  public Variable forward(TokenBatch batch, Pass pass, Consumer<Variable> observer) {
    if (batch.extent() > maxLength) {
      throw new ShapeException("a sequence has " + batch.extent() + " tokens, the model takes " + maxLength
          + "; truncate it (max_length)");
    }
    Variable x = input.forward(batch, pass);
    for (int i = 0; i < layers.size(); i++) {
      observer.accept(x);
      EncoderLayer layer = layers.get(i);
      int index = i;
      Variable y = pass.block(in -> layer.forward(in, index, batch, pass), x);
      if (observer == NOBODY) {
        x.spent();
      }
      x = y;
    }
    if (norm != null) {
      Variable y = norm.layer().forward(x);
      if (observer == NOBODY) {
        x.spent();
      }
      x = y;
    }
    observer.accept(x);
    return x;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    input.visit(visitor);
    parts.forEach(part -> Named.visit(part, visitor));
    Named.visit(norm, visitor);
  }
}
