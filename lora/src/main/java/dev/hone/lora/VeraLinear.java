package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Device;
import dev.hone.core.Tensor;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import java.util.Arrays;

/**
 * VeRA: y = x · Wᵀ + bias + λb ∘ ((λd ∘ (dropout(x) · Aᵀ)) · Bᵀ) with W, A and B frozen.
 *
 * @param ranks λd, [R]
 * @param outputs λb, [out], zero at first, so that training starts from the base model
 * @param projection A and B of all layers
 * @param dropout on the way into A while training
 * @param site where dropout draws its random numbers
 */
record VeraLinear(Parameter ranks, Parameter outputs, VeraProjection projection, float dropout, long site)
    implements LinearPiece {

  static VeraLinear of(Linear base, VeraConfig config, VeraProjection projection, String path) {
    float[] start = new float[config.r()];
    Arrays.fill(start, (float) config.initial());
    return new VeraLinear(new Parameter("", Tensor.of(start, config.r()), true),
        new Parameter("", Tensor.of(new float[base.outputs()], base.outputs()), true), projection, config.dropout(),
        Pass.site("vera." + path, 0));
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    Device device = x.value().device();
    Variable down = MatMulOps.linear(pass.adapterDropout(x, dropout, site),
        Variable.constant(projection.down(base.inputs(), device)), null);
    Variable up = MatMulOps.linear(MathOps.mul(down, ranks),
        Variable.constant(projection.up(base.outputs(), device)), null);
    return MathOps.add(base.base(x), MathOps.mul(up, outputs));
  }

  @Override
  public Tensor merged(Linear base) {
    Tensor merged = base.weight().value().copy();
    LoraLinear.addProduct(merged, base.isTransposed(), scaledRows(projection.down(base.inputs(), Device.CPU), ranks.value()),
        scaledRows(projection.up(base.outputs(), Device.CPU), outputs.value()), 1);
    return merged;
  }

  /** A matrix whose rows are multiplied, each by its factor. */
  static Tensor scaledRows(Tensor matrix, Tensor factors) {
    float[] numbers = matrix.toFloatArray();
    float[] by = factors.toFloatArray();
    int width = matrix.dim(1);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] *= by[i / width];
    }
    return Tensor.of(numbers, matrix.dim(0), width);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("vera_lambda_d", ranks);
    visitor.parameter("vera_lambda_b", outputs);
  }
}
