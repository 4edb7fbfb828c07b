package dev.hone.nn;

import dev.hone.autograd.NormOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;

/**
 * RMS normalisation: y = x / √(mean(x²) + eps) · (weight + offset), over rows as wide as the weight. [N, C] -> [N, C].
 *
 * @param weight [C], or [D] to normalise every head of [N, H · D] alone
 * @param offset 0, or 1 for Gemma
 * @param eps added to the mean square, above 0
 */
public record RmsNorm(Parameter weight, float offset, float eps) implements Norm {
  public RmsNorm {
    if (!(eps > 0)) {
      throw new IllegalArgumentException("RmsNorm: eps must be above 0, got " + eps);
    }
  }

  @Override
  public Variable forward(Variable x) {
    return NormOps.rmsNorm(x, weight, offset, eps);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("weight", weight);
  }
}
