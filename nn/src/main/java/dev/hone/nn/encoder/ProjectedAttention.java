package dev.hone.nn.encoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.MultiHeadAttention;
import dev.hone.nn.decoder.Queries;
import dev.hone.nn.decoder.Rotary;
import java.util.List;

/**
 * Attention with positions in what comes in, or rotary ones.
 *
 * @param heads H
 * @param kvHeads G, a divisor of H
 * @param headDim D
 * @param causal whether a token sees only itself and what comes before it
 * @param window keys at this distance or more are not seen; {@link Integer#MAX_VALUE} for all
 * @param dropout of the probabilities
 * @param query the projection of queries, null where the three are fused
 * @param key of keys, likewise
 * @param value of values, likewise
 * @param fused all three in one, rows of q, k, v; or null
 * @param rotary turns queries and keys, or null
 */
public record ProjectedAttention(int heads, int kvHeads, int headDim, boolean causal, int window, float dropout,
    Named<Linear> query, Named<Linear> key, Named<Linear> value, Named<Linear> fused, Rotary rotary) implements EncoderAttention {

  @Override
  public Variable forward(Variable x, int layer, TokenBatch batch, Pass pass) {
    return forward(x, null, layer, batch, pass);
  }

  @Override
  public Variable forward(Variable x, int[] rows, int layer, TokenBatch batch, Pass pass) {
    MultiHeadAttention attention = new MultiHeadAttention(layer, heads, kvHeads, headDim, (float) (1 / Math.sqrt(headDim)),
        causal, window, 0, dropout);
    Queries queries = rows == null ? attention.all(batch) : attention.queries(rows, batch, pass);
    Variable mixed = attended(attention, x, queries, batch, pass);
    int[] places = rows == null ? null : queries.places(rows);
    return places == null ? mixed : GatherOps.rows(mixed, places);
  }

  private Variable attended(MultiHeadAttention attention, Variable x, Queries queries, TokenBatch batch, Pass pass) {
    if (fused != null) {
      int keys = kvHeads * headDim;
      List<Variable> parts = ShapeOps.split(fused.layer().forward(x, pass), 1, heads * headDim, keys, keys);
      return attention.forward(turned(queries.of(parts.get(0)), batch, queries.rows()), turned(parts.get(1), batch, null),
          parts.get(2), queries, batch, pass);
    }
    Variable q = query.layer().forward(queries.of(x), pass.only(queries.rows()));
    Variable k = key.layer().forward(x, pass);
    Variable v = value.layer().forward(x, pass);
    return attention.forward(turned(q, batch, queries.rows()), turned(k, batch, null), v, queries, batch, pass);
  }

  private Variable turned(Variable x, TokenBatch batch, int[] rows) {
    return rotary == null ? x : rotary.rotate(x, headDim, batch, rows);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    Named.visit(query, visitor);
    Named.visit(key, visitor);
    Named.visit(value, visitor);
    Named.visit(fused, visitor);
  }
}
