package dev.hone.lora;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
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
  public Tensor merged(Linear base) {
    boolean byRow = base.isTransposed() != feedforward();
    return multiplied(base.weight().value(), byRow ? new int[] {-1, 1} : new int[] {-1});
  }

  @Override
  public Tensor mergedBias(Linear base) {
    return mergesBias(base) ? multiplied(base.bias().value(), -1) : null;
  }

  @Override
  public boolean mergesBias(Linear base) {
    return !feedforward() && base.bias() != null;
  }

  /** A fresh tensor times the factors in this shape. */
  private Tensor multiplied(Tensor value, int... shape) {
    Tensor product = value.copy();
    Kernels.of("merge", product, factors.value()).elementwise()
        .binary(Binary.MUL, product, factors.value().reshape(shape), product);
    return product;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("ia3_l", factors);
  }
}
