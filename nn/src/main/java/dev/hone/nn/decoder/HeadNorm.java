package dev.hone.nn.decoder;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.NormOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.LayerNorm;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Norm;
import java.util.List;

/**
 * Layer norm of every head alone. [N, H · D] -> [N, H · D].
 *
 * @param alike the norm of all heads, or null
 * @param each weights of every head, [H, D], or null
 * @param listed weights [D] of every head in parameters of their own, or null
 */
record HeadNorm(LayerNorm alike, Parameter each, List<Parameter> listed, int headDim, float eps) implements Norm {

  static HeadNorm of(LayerNorm alike, int headDim) {
    return new HeadNorm(alike, null, null, headDim, alike.eps());
  }

  static HeadNorm each(Parameter weight, float eps) {
    return new HeadNorm(null, weight, null, weight.shape().dim(1), eps);
  }

  static HeadNorm listed(Parameter[] weights, float eps) {
    return new HeadNorm(null, null, List.of(weights), weights[0].shape().dim(0), eps);
  }

  @Override
  public Variable forward(Variable x) {
    int rows = x.shape().dim(0);
    int width = x.shape().dim(1);
    Variable heads = ShapeOps.reshape(x, -1, headDim);
    if (alike != null) {
      return ShapeOps.reshape(alike.forward(heads), rows, width);
    }
    Variable normed = ShapeOps.reshape(NormOps.layerNorm(heads, null, null, eps), rows, width);
    Variable weight = each != null ? each : ShapeOps.cat(0, List.copyOf(listed));
    return MathOps.mul(normed, ShapeOps.reshape(weight, width));
  }

  @Override
  public void visit(LayerVisitor visitor) {
    if (alike != null) {
      alike.visit(visitor);
    } else if (each != null) {
      visitor.parameter("weight", each);
    } else {
      for (int head = 0; head < listed.size(); head++) {
        int index = head;
        visitor.layer("norms." + head, inner -> inner.parameter("weight", listed.get(index)));
      }
    }
  }
}
