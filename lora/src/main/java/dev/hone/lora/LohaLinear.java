package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.random.Philox;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;

/**
 * LoHa: y = x · (W + ΔW)ᵀ + bias with W frozen and ΔW = scale · (w1a · w1b) ∘ (w2a · w2b), [out, in], which every pass makes.
 *
 * @param w1a [out, R]
 * @param w1b [R, in]
 * @param w2a [out, R]
 * @param w2b [R, in], zero at first, so that training starts from the base model
 * @param scale alpha / R
 * @param dropsOut what part of an adapter would drop out while training, as its setting says; null for none
 * @param kept ΔW of a generation
 */
record LohaLinear(Parameter w1a, Parameter w1b, Parameter w2a, Parameter w2b, float scale, String dropsOut, PerGeneration kept)
    implements LinearPiece {

  /**
   * A new piece.
   *
   * @param inputsFirst whether files have the layer's weight as [in, out], though it may lie the other way round here
   */
  static LohaLinear of(String path, Linear base, LohaConfig config, String name, boolean inputsFirst, long seed) {
    if (inputsFirst || !base.isTransposed()) {
      throw new AdapterException("LoHa: " + name + " stores its weight [in, out], which PEFT's LoHa does not take; take lora");
    }
    int rank = config.rank(name);
    Parameter[] made = new Parameter[4];
    for (int i = 0; i < made.length; i++) {
      boolean left = i % 2 == 0;
      float[] numbers = Parts.matrix("layer " + path, "r", rank, left ? base.outputs() : base.inputs());
      if (i < 3) { // PEFT's rule
        float bound = (float) (1 / Math.sqrt(left ? rank : base.inputs()));
        new Philox(seed, Philox.stream(path.hashCode(), rank, i)).fillUniform(numbers, 0, numbers.length, -bound, bound);
      }
      made[i] = new Parameter("",
          left ? Tensor.of(numbers, base.outputs(), rank) : Tensor.of(numbers, rank, base.inputs()), true);
    }
    String dropsOut = config.rankDropout() > 0 ? "rank_dropout " + config.rankDropout()
        : config.moduleDropout() > 0 ? "module_dropout " + config.moduleDropout() : null;
    return new LohaLinear(made[0], made[1], made[2], made[3], config.scale(name), dropsOut, new PerGeneration());
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    if (dropsOut != null && pass.training()) {
      throw new AdapterException("LoHa: " + dropsOut + " is not supported while training; set it to 0");
    }
    return MathOps.add(base.base(x), MatMulOps.linear(x, kept.of(pass, this::change), null));
  }

  private Variable change() {
    return MathOps.mul(MathOps.mul(MatMulOps.matmul(w1a, w1b), MatMulOps.matmul(w2a, w2b)), scale);
  }

  @Override
  public Tensor merged(Linear base) {
    Tensor merged = base.weight().value().copy();
    Tensor change = change().value();
    Kernels.of("merge", merged, change).elementwise().binary(Binary.ADD, merged, change, merged);
    return merged;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("hada_w1_a", w1a);
    visitor.parameter("hada_w1_b", w1b);
    visitor.parameter("hada_w2_a", w2a);
    visitor.parameter("hada_w2_b", w2b);
  }
}
