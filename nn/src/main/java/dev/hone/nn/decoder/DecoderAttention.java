package dev.hone.nn.decoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Norm;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.DecoderNames.BlockNames;
import java.util.List;

/**
 * Self-attention: o(attention(rotate(norm(q)), rotate(norm(k)), v)). [N, C] -> [N, C].
 *
 * @param attention sizes and visibility
 * @param names of the parts
 * @param query the projection of queries, null where the three are fused
 * @param key of keys, likewise
 * @param value of values, likewise
 * @param fused all three in one, or null
 * @param byGroups whether the rows of the fused one are those of the first group of heads (its queries, its key, its value),
 *     then of the next; if not, those of all queries, all keys, all values
 * @param queryNorm normalises queries, or null
 * @param keyNorm the same for keys
 * @param normLast whether these norms come behind the rotation
 * @param output the projection back
 * @param rotary turns queries and keys, or null
 * @param clip numbers of queries, keys and values are at most this far from 0; 0 for no limit
 * @param growth how queries grow with their positions, or null
 */
record DecoderAttention(MultiHeadAttention attention, BlockNames names, Linear query, Linear key, Linear value, Linear fused,
    boolean byGroups, Norm queryNorm, Norm keyNorm, boolean normLast, Linear output, Rotary rotary, float clip, Growth growth)
    implements Layer {

  /**
   * Queries are multiplied by 1 + slope · ln(1 + ⌊position / length⌋).
   *
   * @param slope above 0
   * @param length of the steps
   */
  public record Growth(double slope, int length) {
    private Variable of(Variable q, TokenBatch batch, int[] rows) {
      float[] factors = new float[q.shape().dim(0)];
      boolean grown = false;
      for (int i = 0; i < factors.length; i++) {
        factors[i] = (float) (1 + slope * Math.log(1 + batch.positions()[rows == null ? i : rows[i]] / length));
        grown |= factors[i] != 1;
      }
      return grown ? MathOps.mul(q, Variable.constant(Tensor.of(factors, factors.length, 1).to(q.value().device()))) : q;
    }
  }

  /**
   * The layer's result.
   *
   * @param rows those that are asked for, or null for all: of the others come keys and values alone
   */
  public Variable forward(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Variable mixed = rows != null ? some(x, rows, batch, pass)
        : fused != null && !byGroups && rotary == null && queryNorm == null ? atOnce(x, batch, pass)
        : apart(x, attention.all(batch), batch, pass);
    return output.forward(mixed, pass.only(rows));
  }

  /** Nothing happens between the fused projection and attention, which reads the three side by side. */
  private Variable atOnce(Variable x, TokenBatch batch, Pass pass) {
    return attention.forward(fused.forward(x, pass), batch, pass);
  }

  /** What the heads bring together for some rows. */
  private Variable some(Variable x, int[] rows, TokenBatch batch, Pass pass) {
    Queries queries = attention.queries(rows, batch, pass);
    int[] places = queries.places(rows);
    Variable mixed = apart(x, queries, batch, pass);
    return places == null ? mixed : GatherOps.rows(mixed, places);
  }

  private Variable apart(Variable x, Queries queries, TokenBatch batch, Pass pass) {
    Variable q;
    Variable k;
    Variable v;
    if (fused == null) {
      q = clipped(query.forward(queries.of(x), pass.only(queries.rows())));
      k = clipped(key.forward(x, pass));
      v = clipped(value.forward(x, pass));
    } else {
      List<Variable> parts = parts(clipped(fused.forward(x, pass)));
      q = queries.of(parts.get(0));
      k = parts.get(1);
      v = parts.get(2);
    }
    Variable turnedQ = turned(queryNorm, q, batch, queries.rows());
    Variable turnedK = turned(keyNorm, k, batch, null);
    Variable grown = growth == null ? turnedQ : growth.of(turnedQ, batch, queries.rows());
    return attention.forward(grown, turnedK, v, queries, batch, pass);
  }

  private Variable clipped(Variable x) {
    return clip == 0 ? x : MathOps.clamp(x, -clip, clip);
  }

  private List<Variable> parts(Variable qkv) {
    int dim = attention.headDim();
    int keys = attention.kvHeads() * dim;
    if (!byGroups) {
      return ShapeOps.split(qkv, 1, attention.heads() * dim, keys, keys);
    }
    int rows = qkv.shape().dim(0);
    int queries = attention.heads() / attention.kvHeads() * dim; // of a group
    Variable groups = ShapeOps.reshape(qkv, rows * attention.kvHeads(), queries + 2 * dim);
    return ShapeOps.split(groups, 1, queries, dim, dim).stream()
        .map(part -> ShapeOps.reshape(part, rows, attention.kvHeads() * part.shape().dim(1))).toList();
  }

  private Variable turned(Norm norm, Variable x, TokenBatch batch, int[] rows) {
    Variable normed = norm == null || normLast ? x : norm.forward(x);
    Variable turned = rotary == null ? normed : rotary.rotate(normed, attention.headDim(), batch, rows);
    return norm == null || !normLast ? turned : norm.forward(turned);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    if (fused == null) {
      visitor.layer(names.query(), query);
      visitor.layer(names.key(), key);
      visitor.layer(names.value(), value);
    } else {
      visitor.layer(names.fused(), fused);
    }
    if (queryNorm != null) {
      visitor.layer(names.queryNorm(), queryNorm);
      visitor.layer(names.keyNorm(), keyNorm);
    }
    visitor.layer(names.attentionOutput(), output);
  }
}
