package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.GatherKernels;
import dev.hone.core.kernel.Kernels;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import java.util.List;

/**
 * A head with some rows of its weight replaced, as {@link TokenRows} does in a table: those columns of the logits are x · Dᵀ.
 *
 * @param tokens which rows, and their values
 * @param follows whether these are the rows of the table that a tied head shares, which has the parameters then
 */
record TokenHead(TokenRows tokens, boolean follows) implements LinearPiece {
  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    return replaceColumns(base.base(x), MatMulOps.linear(x, tokens.rows(), null), tokens.ids());
  }

  /**
   * y with columns replaced by those of z, written over y.
   *
   * @param y [N, V], fresh from the layer and used by nobody else
   * @param z [N, K]
   * @param ids of the K columns
   */
  private static Variable replaceColumns(Variable y, Variable z, List<Integer> ids) {
    int width = y.shape().dim(1);
    int[] places = new int[y.shape().dim(0) * ids.size()];
    for (int i = 0; i < places.length; i++) {
      places[i] = Math.addExact(Math.multiplyExact(i / ids.size(), width), ids.get(i % ids.size()));
    }
    Tensor result = y.value();
    GatherKernels kernels = Kernels.of("replaceColumns", result, z.value()).gather();
    clear(result, places);
    kernels.addRows(z.value().reshape(places.length, 1), places, 1, result.reshape(-1, 1));
    return Variable.of("replaceColumns", result)
        .pullback(y, dy -> {
          Tensor others = dy.copy();
          clear(others, places);
          return others;
        })
        .pullback(z, dy -> {
          Tensor own = dy.emptyLike(dy.dim(0), ids.size());
          kernels.rows(dy.reshape(-1, 1), places, 1, own.reshape(-1, 1));
          return own;
        })
        .saves();
  }

  /** Makes elements zero: v - v is that for every finite v. */
  private static void clear(Tensor matrix, int[] places) {
    GatherKernels kernels = Kernels.of(matrix).gather();
    Tensor values = matrix.emptyLike(places.length, 1);
    kernels.rows(matrix.reshape(-1, 1), places, 1, values);
    kernels.addRows(values, places, -1, matrix.reshape(-1, 1));
  }

  @Override
  public boolean followsTable() {
    return follows;
  }

  @Override
  public Tensor merged(Linear base) {
    return tokens.merged(base.weight().value());
  }

  @Override
  public void visit(LayerVisitor visitor) {
    if (!follows) {
      tokens.visit(visitor);
    }
  }
}
