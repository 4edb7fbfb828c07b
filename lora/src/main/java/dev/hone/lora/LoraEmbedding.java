package dev.hone.lora;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;

/**
 * LoRA on a table of rows: row i becomes E[i] + scale · B · A[:, i].
 *
 * @param a [R, V], zero at first
 * @param b [C, R]
 * @param scale alpha / R
 */
record LoraEmbedding(Parameter a, Parameter b, float scale) implements TablePiece {

  LoraEmbedding(Tensor a, Tensor b, float scale) {
    this(new Parameter("", a, true), new Parameter("", b, true), scale);
  }

  @Override
  public Variable forward(int[] ids, Embedding base, Pass pass) {
    Variable h = GatherOps.embedding(ShapeOps.transpose(a, 0, 1), ids, scale * base.scale());
    return MathOps.add(base.base(ids), MatMulOps.linear(h, b, null));
  }

  /** E + scale · (B · A)ᵀ. */
  @Override
  public Tensor merged(Embedding base) {
    Tensor sum = base.weight().value().copy();
    LoraLinear.addProduct(sum, false, a.value(), b.value(), scale); // [V, C] is [in, out]
    return sum;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("lora_embedding_A", a);
    visitor.parameter("lora_embedding_B", b);
  }
}
