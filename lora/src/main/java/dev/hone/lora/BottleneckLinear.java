package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;

/**
 * A bottleneck behind a projection: y + up(activation(down(y))) with y the projection's result. {@code up} starts at zero.
 *
 * @param down [B, out]
 * @param downBias [B]
 * @param up [out, B]
 * @param upBias [out]
 * @param activation between them
 */
record BottleneckLinear(Parameter down, Parameter downBias, Parameter up, Parameter upBias, Activation activation)
    implements LinearPiece {
  private static final float DEVIATION = 0.01f; // what Houlsby and others start from

  static BottleneckLinear of(String path, Linear base, BottleneckConfig config, long seed) {
    int size = config.size();
    int width = base.outputs();
    float[] values = Parts.matrix("layer " + path, "bottleneck_size", size, width);
    new Philox(seed, Philox.stream(path.hashCode(), size)).fillNormal(values, 0, values.length, 0, DEVIATION);
    return new BottleneckLinear(new Parameter("", Tensor.of(values, size, width), true), zeros(size),
        new Parameter("", Tensor.of(new float[values.length], width, size), true), zeros(width), config.activation());
  }

  private static Parameter zeros(int length) {
    return new Parameter("", Tensor.of(new float[length], length), true);
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    Variable y = base.base(x);
    return MathOps.add(y, MatMulOps.linear(MatMulOps.linearActivation(y, down, true, downBias, activation), up, upBias));
  }

  @Override
  public Tensor merged(Linear base) {
    throw new AdapterException("a bottleneck adapter is not linear: it cannot be merged; keep it beside its base");
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("adapter_down.weight", down);
    visitor.parameter("adapter_down.bias", downBias);
    visitor.parameter("adapter_up.weight", up);
    visitor.parameter("adapter_up.bias", upBias);
  }
}
