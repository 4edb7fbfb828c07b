package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;

/**
 * The LoRA of a tied head that is the transposed one of its table: y = x · Eᵀ + scale · (dropout(x) · B) · A with the table's
 * B [C, R] and A [R, V]. It has no parameters of its own.
 *
 * @param scale alpha / R
 * @param site where dropout draws its random numbers
 */
record TiedLora(LoraEmbedding table, float scale, float dropout, long site) implements LinearPiece {
  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    Variable h = MatMulOps.conv1d(pass.adapterDropout(x, dropout, site), table.b(), null);
    return MathOps.add(base.base(x), MathOps.mul(MatMulOps.conv1d(h, table.a(), null), scale));
  }

  /** A of an ordinary LoRA, [R, C]. */
  Tensor down() {
    return transposed(table.b().value());
  }

  /** B of an ordinary LoRA, [V, R]. */
  Tensor up() {
    return transposed(table.a().value());
  }

  private static Tensor transposed(Tensor value) {
    Tensor result = value.emptyLike(value.dim(1), value.dim(0));
    Kernels.of(value).gather().permute(value, new int[] {1, 0}, result);
    return result;
  }

  /** Whether the table with its LoRA in it is what the head is with this piece. */
  @Override
  public boolean followsTable() {
    return scale == table.scale();
  }

  @Override
  public Tensor merged(Linear base) {
    Tensor sum = base.weight().value().copy();
    LoraLinear.addProduct(sum, false, table.a().value(), table.b().value(), scale);
    return sum;
  }

  @Override
  public void visit(LayerVisitor visitor) {}
}
