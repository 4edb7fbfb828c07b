package dev.hone.lora;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;

/**
 * LoRA: y = x · Wᵀ + bias + scale · ((dropout(x) · Aᵀ) · Bᵀ + upBias) with W frozen. Source: Hu and others 2021.
 *
 * @param a [R, in]
 * @param b [out, R], zero at first, so that training starts from the base model
 * @param upBias [out], zero at first, or null
 * @param scale alpha / R
 * @param dropout on the way into A while training
 * @param site where dropout draws its random numbers
 */
record LoraLinear(Parameter a, Parameter b, Parameter upBias, float scale, float dropout, long site)
    implements LinearPiece {

  LoraLinear(Tensor a, Tensor b, boolean biased, float scale, float dropout, String path) {
    this(new Parameter("", a, true), new Parameter("", b, true),
        biased ? new Parameter("", Tensor.of(new float[b.dim(0)], b.dim(0)), true) : null, scale, dropout,
        Pass.site("lora." + path, 0));
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    return addTo(base.base(x), x, pass);
  }

  /** What the layer gives with this adapter besides others, whose result is written over. */
  Variable addTo(Variable y, Variable x, Pass pass) {
    Variable sum = LoraOps.addLowRank(y, pass.adapterDropout(x, dropout, site), a, b, scale);
    return upBias == null ? sum : MathOps.add(sum, MathOps.mul(upBias, scale));
  }

  /** W + scale · B · A in the layer's layout. */
  @Override
  public Tensor merged(Linear base) {
    Tensor sum = base.weight().value().copy();
    addProduct(sum, base.isTransposed(), a.value(), b.value(), scale);
    return sum;
  }

  @Override
  public Tensor mergedBias(Linear base) {
    if (upBias == null) {
      return null;
    }
    float[] sum = base.bias().value().toFloatArray();
    float[] own = upBias.value().toFloatArray();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += scale * own[i];
    }
    return Tensor.of(sum, sum.length);
  }

  @Override
  public boolean mergesBias(Linear base) {
    return upBias != null;
  }

  /** Whether a layer has all that this is merged into. */
  boolean fits(Linear base) {
    return upBias == null || base.bias() != null;
  }

  /** weight += scale · B · A. */
  static void addProduct(Tensor weight, boolean transposed, Tensor a, Tensor b, float scale) {
    MatMulKernels kernels = Kernels.of(weight).matmul();
    Tensor down = a.to(weight.device()); // an adapter that is being made is not on its device yet
    Tensor up = b.to(weight.device());
    if (transposed) {
      kernels.matmul(up, false, down, false, true, weight, Epilogue.scale(scale));
    } else {
      kernels.matmul(down, true, up, true, true, weight, Epilogue.scale(scale));
    }
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("lora_A.weight", a);
    visitor.parameter("lora_B.weight", b);
    visitor.parameter("lora_B.bias", upBias);
  }
}
