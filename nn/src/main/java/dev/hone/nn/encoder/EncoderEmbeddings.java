package dev.hone.nn.encoder;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Embedding;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Norm;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;

/**
 * What a batch is before the first layer: norm(words + types + positions), and a projection from E to C where the tables are
 * narrower than the layers. N tokens -> [N, C].
 *
 * @param words the table of tokens, [V, E]
 * @param positions the table of positions, or null
 * @param firstPosition the row of a sequence's first token
 * @param types the table of segments, or null
 * @param norm of the sum, or null
 * @param projection to the width of the layers, or null
 * @param normedLast whether the norm comes after the projection
 * @param dropout after the norm, or {@link EncoderFeedForward#NO_DROPOUT}
 */
public record EncoderEmbeddings(Named<Embedding> words, Named<Embedding> positions, int firstPosition, Named<Embedding> types,
    Named<? extends Norm> norm, Named<Linear> projection, boolean normedLast, float dropout) implements Layer {

  Variable forward(TokenBatch batch, Pass pass) {
    Variable x = pass.noisy(words.layer().forward(batch.tokens(), pass), batch);
    if (types != null) {
      x = MathOps.add(x, types.layer().forward(batch.types() == null ? new int[batch.size()] : batch.types(), pass));
    }
    Variable places = null;
    if (positions != null) {
      int[] rows = new int[batch.size()];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = batch.positions()[i] + firstPosition;
      }
      places = positions.layer().forward(rows, pass);
    }
    if (normedLast) {
      Variable y = norm.layer().forward(projected(places == null ? x : MathOps.add(x, places), pass));
      return pass.dropout(y, dropout, Pass.site("embeddings", 0));
    }
    Variable y = normed(x, places);
    return projected(dropout < 0 ? y : pass.dropout(y, dropout, Pass.site("embeddings", 0)), pass);
  }

  private Variable normed(Variable x, Variable places) {
    if (places != null && norm != null && norm.layer() instanceof LayerNorm layerNorm) {
      return layerNorm.forward(x, places);
    }
    Variable sum = places == null ? x : MathOps.add(x, places);
    return norm == null ? sum : norm.layer().forward(sum);
  }

  private Variable projected(Variable x, Pass pass) {
    return projection == null ? x : projection.layer().forward(x, pass);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    Named.visit(words, visitor);
    Named.visit(positions, visitor);
    Named.visit(types, visitor);
    Named.visit(norm, visitor);
    Named.visit(projection, visitor);
  }
}
