package dev.hone.lora;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;

/**
 * IA3: y = l ∘ (x · Wᵀ + bias), or (l ∘ x) · Wᵀ + bias in feed-forward layers. l starts at one.
 *
 * @param factors l, [out, 1], or [1, in] in feed-forward layers
 */
record Ia3Linear(Parameter factors) implements LinearPiece {

  static Ia3Linear of(Linear base, boolean feedforward) {
    int count = feedforward ? base.inputs() : base.outputs();
    return new Ia3Linear(new Parameter("",
        Tensor.of(new float[count], feedforward ? 1 : count, feedforward ? count : 1).fill(1), true));
  }

  private boolean feedforward() {
    return factors.shape().dim(0) == 1;
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    return feedforward() ? base.base(MathOps.mul(x, factors))
        : MathOps.mul(base.base(x), factors.reshape(1, base.outputs()));
  }

  @Override
  public void mergeInto(Linear base) {
    Tensor merged = base.weight().value().copy().keep();
    ElementwiseKernels kernels = Kernels.of("merge", merged, factors.value()).elementwise();
    boolean byRow = base.isTransposed() != feedforward();
    kernels.binary(Binary.MUL, merged, factors.value().reshape(byRow ? new int[] {-1, 1} : new int[] {-1}), merged);
    base.weight().setValue(merged);
    if (!feedforward() && base.bias() != null) {
      Tensor bias = base.bias().value().copy().keep();
      kernels.binary(Binary.MUL, bias, factors.value().reshape(-1), bias);
      base.bias().setValue(bias);
    }
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("ia3_l", factors);
  }
}
