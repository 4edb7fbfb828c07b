package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.core.Device;
import dev.hone.core.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * The two matrices of VeRA, A [R, the most inputs] and B [the most outputs, R], of which each layer takes the part that it has
 * room for. They are drawn as PEFT draws them, or those of a file.
 */
final class VeraProjection {
  private final Parameter a;
  private final Parameter b;
  private final Map<Part, Tensor> parts = new HashMap<>();

  private record Part(Tensor of, int size, Device device) {}

  VeraProjection(VeraConfig config, int inputs, int outputs) {
    TorchUniform random = new TorchUniform(config.key());
    float[] down = Parts.matrix("VeRA", "r", config.r(), inputs);
    float[] up = Parts.matrix("VeRA", "r", config.r(), outputs);
    random.fill(down, Math.sqrt(3) * (Math.sqrt(2) / Math.sqrt(inputs)));
    random.fill(up, Math.sqrt(3) * (Math.sqrt(2) / Math.sqrt(config.r())));
    a = new Parameter(VeraConfig.A, Tensor.of(down, config.r(), inputs), false);
    b = new Parameter(VeraConfig.B, Tensor.of(up, outputs, config.r()), false);
  }

  Parameter a() {
    return a;
  }

  Parameter b() {
    return b;
  }

  /** The first columns of A. [R, inputs] */
  Tensor down(int inputs, Device device) {
    return part(a.value(), inputs, device, true);
  }

  /** The first rows of B. [outputs, R] */
  Tensor up(int outputs, Device device) {
    return part(b.value(), outputs, device, false);
  }

  private synchronized Tensor part(Tensor whole, int size, Device device, boolean columns) {
    parts.keySet().removeIf(part -> part.of != a.value() && part.of != b.value());
    return parts.computeIfAbsent(new Part(whole, size, device), _ -> {
      int rows = columns ? whole.dim(0) : size;
      int width = columns ? size : whole.dim(1);
      if (rows == whole.dim(0) && width == whole.dim(1) && device == whole.device()) {
        return whole;
      }
      float[] from = whole.toFloatArray();
      float[] numbers = new float[rows * width];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(from, row * whole.dim(1), numbers, row * width, width);
      }
      return Tensor.of(numbers, rows, width).to(device).keep();
    });
  }
}
