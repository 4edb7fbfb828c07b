package dev.hone.nn;

import dev.hone.autograd.NormOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;

/**
 * Layer normalisation over the last axis: y = (x - mean) / √(var + eps) · weight + bias. [N, C] -> [N, C].
 *
 * @param weight [C]
 * @param bias [C] or null
 * @param eps added to the variance, above 0
 */
public record LayerNorm(Parameter weight, Parameter bias, float eps) implements Norm {
  public LayerNorm {
    if (!(eps > 0)) {
      throw new IllegalArgumentException("LayerNorm: eps must be above 0, got " + eps);
    }
  }

  @Override
  public Variable forward(Variable x) {
    return NormOps.layerNorm(x, weight, bias, eps);
  }

  /** The normalised sum of x and a residual, in one pass over memory. */
  public Variable forward(Variable x, Variable residual) {
    return NormOps.addLayerNorm(x, residual, weight, bias, eps);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("weight", weight);
    visitor.parameter("bias", bias);
  }
}
