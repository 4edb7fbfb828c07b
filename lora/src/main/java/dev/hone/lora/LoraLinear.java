package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.random.Philox;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;
import dev.hone.nn.Pass;

/**
 * LoRA: y = x · Wᵀ + bias + scale · (dropout(x) · Aᵀ) · Bᵀ with W frozen. Source: Hu and others 2021.
 *
 * @param a [R, in]
 * @param b [out, R], zero at first, so that training starts from the base model
 * @param scale alpha / R
 * @param dropout on the way into A while training
 * @param site where dropout draws its random numbers
 */
record LoraLinear(Parameter a, Parameter b, float scale, float dropout, long site) implements LinearAdapter {

  /** A new adapter for a layer; A is uniform within 1/√in (the Kaiming rule that PEFT applies). */
  static LoraLinear create(String path, Linear base, int rank, float scale, float dropout, long seed) {
    float[] values = new float[Math.multiplyExact(rank, base.inputs())];
    float bound = (float) (1 / Math.sqrt(base.inputs()));
    new Philox(seed, Philox.stream(path.hashCode(), rank)).fillUniform(values, 0, values.length, -bound, bound);
    return new LoraLinear(new Parameter("", Tensor.of(values, rank, base.inputs()), true),
        new Parameter("", Tensor.of(new float[base.outputs() * rank], base.outputs(), rank), true), scale, dropout,
        Pass.site("lora." + path, 0));
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    return LoraOps.addLowRank(base.base(x), pass.dropout(x, dropout, site), a, b, scale);
  }

  /** Adds scale · B · A to the layer's weight, which becomes F32. */
  void mergeInto(Linear base) {
    Parameter weight = base.weight();
    Tensor merged = weight.value().copy().keep();
    if (base.isTransposed()) {
      Kernels.active().matmul().matmul(b.value(), false, a.value(), false, true, merged, Epilogue.scale(scale));
    } else {
      Kernels.active().matmul().matmul(a.value(), true, b.value(), true, true, merged, Epilogue.scale(scale));
    }
    weight.setValue(merged);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("lora_A.weight", a);
    visitor.parameter("lora_B.weight", b);
  }
}
