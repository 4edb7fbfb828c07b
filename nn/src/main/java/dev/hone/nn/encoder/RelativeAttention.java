package dev.hone.nn.encoder;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.ReduceOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention in which the distance of two tokens adds to their score: softmax(scale · q · kᵀ + relation) · v.
 *
 * <p>Implementation note: scores of a sequence, [H, T, T], are in memory, put together from products; what is added depends on
 * every pair, so that nothing is gained by going over it in tiles.
 *
 * @param heads H
 * @param headDim D
 * @param scale factor of the products
 * @param dropout of the probabilities
 * @param relation what distances add
 */
public record RelativeAttention(int heads, int headDim, float scale, float dropout, Named<Linear> query, Named<Linear> key,
    Named<Linear> value, Relation relation) implements EncoderAttention {

  @Override
  public Variable forward(Variable x, int layer, TokenBatch batch, Pass pass) {
    if (pass.prefix() != null) {
      throw new IllegalStateException("a tuned prefix has no distance from the tokens, and this model's attention asks for it; "
          + "take another method, such as lora");
    }
    Variable q = query.layer().forward(x, pass);
    Variable k = key.layer().forward(x, pass);
    Variable v = value.layer().forward(x, pass);
    List<Variable> mixed = new ArrayList<>();
    for (int s = 0; s < batch.sequences(); s++) {
      int from = batch.offsets()[s];
      int to = batch.offsets()[s + 1];
      if (to > from) {
        mixed.add(sequence(byHead(q, from, to), byHead(k, from, to), byHead(v, from, to), layer, s, to - from,
            pass.rows(new int[] {from}).shared(), pass));
      }
    }
    return mixed.size() == 1 ? mixed.getFirst() : ShapeOps.cat(0, mixed);
  }

  private Variable sequence(Variable q, Variable k, Variable v, int layer, int number, int length, Pass table,
      Pass pass) {
    Variable scores = MathOps.add(MathOps.mul(MatMulOps.matmul(q, ShapeOps.transpose(k, -1, -2)), scale),
        relation.scores(q, k, this, layer, table));
    Variable probabilities = pass.dropoutOf(number, ReduceOps.softmax(scores, -1), dropout,
        Pass.site("attention.probabilities", layer));
    return ShapeOps.reshape(ShapeOps.permute(MatMulOps.matmul(probabilities, v), 1, 0, 2), length, heads * headDim);
  }

  /** Rows by head: [N, H · D] -> [H, T, D]. */
  private Variable byHead(Variable x, int from, int to) {
    return byHead(ShapeOps.slice(x, 0, from, to));
  }

  /** [M, H · D] -> [H, M, D]. */
  Variable byHead(Variable x) {
    return ShapeOps.permute(ShapeOps.reshape(x, x.shape().dim(0), heads, headDim), 1, 0, 2);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    Named.visit(query, visitor);
    Named.visit(key, visitor);
    Named.visit(value, visitor);
  }
}
