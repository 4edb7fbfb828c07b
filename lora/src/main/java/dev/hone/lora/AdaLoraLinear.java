package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ReduceOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import java.util.Collection;
import java.util.List;

/**
 * AdaLoRA: y = x · Wᵀ + bias + scale · ((dropout(x) · (E ∘ A)ᵀ) · Bᵀ) with W frozen.
 *
 * @param a [R, in]
 * @param e [R, 1], zero at first, so that training starts from the base model
 * @param b [out, R]
 * @param scale of the product
 * @param dropout on the way into A while training
 * @param site where dropout draws its random numbers
 */
record AdaLoraLinear(Parameter a, Parameter e, Parameter b, float scale, float dropout, long site) implements LinearPiece {
  private static final float DEVIATION = 0.02f; // PEFT's, of A and B at first
  private static final float TINY = 1e-30f; // the slope of a root at zero is none

  static AdaLoraLinear of(String path, Linear base, AdaLoraConfig config, int rank, long seed) {
    float[] down = Parts.matrix("layer " + path, "init_r", rank, base.inputs());
    float[] up = Parts.matrix("layer " + path, "init_r", rank, base.outputs());
    new Philox(seed, Philox.stream(path.hashCode(), rank, 0)).fillNormal(down, 0, down.length, 0, DEVIATION);
    new Philox(seed, Philox.stream(path.hashCode(), rank, 1)).fillNormal(up, 0, up.length, 0, DEVIATION);
    return new AdaLoraLinear(new Parameter("", Tensor.of(down, rank, base.inputs()), true),
        new Parameter("", Tensor.of(new float[rank], rank, 1), true),
        new Parameter("", Tensor.of(up, base.outputs(), rank), true), config.scale(), config.dropout(),
        Pass.site("adalora." + path, 0));
  }

  int rank() {
    return e.shape().dim(0);
  }

  List<Parameter> parts() {
    return List.of(a, e, b);
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    return LoraOps.addLowRank(base.base(x), pass.adapterDropout(x, dropout, site), MathOps.mul(a, e), b, scale);
  }

  /** weight · the mean over all A and B of how far their vectors are from orthonormal ones; null if there are none. */
  static Variable penalty(Collection<LinearPiece> pieces, float weight) {
    Variable sum = null;
    int count = 0;
    for (LinearPiece piece : pieces) {
      if (piece instanceof AdaLoraLinear ada) {
        Variable both = MathOps.add(distance(ada.a), distance(ShapeOps.transpose(ada.b, 0, 1)));
        sum = sum == null ? both : MathOps.add(sum, both);
        count += 2;
      }
    }
    return sum == null ? null : MathOps.mul(sum, weight / count);
  }

  /** |V · Vᵀ - I|, of the rows of V. */
  private static Variable distance(Variable vectors) {
    int rank = vectors.shape().dim(0);
    float[] unit = new float[rank * rank];
    for (int i = 0; i < rank; i++) {
      unit[i * rank + i] = 1;
    }
    Variable off = MathOps.sub(MatMulOps.matmul(vectors, ShapeOps.transpose(vectors, 0, 1)),
        Variable.constant(Tensor.of(unit, rank, rank).to(vectors.value().device())));
    return MathOps.sqrt(MathOps.add(ReduceOps.sum(MathOps.mul(off, off), false, 0, 1), TINY));
  }

  @Override
  public Tensor merged(Linear base) {
    Tensor merged = base.weight().value().copy();
    LoraLinear.addProduct(merged, base.isTransposed(), VeraLinear.scaledRows(a.value(), e.value()), b.value(), scale);
    return merged;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("lora_A", a);
    visitor.parameter("lora_E", e);
    visitor.parameter("lora_B", b);
  }
}
