package dev.hone.bench;

import dev.hone.core.Activation;
import dev.hone.core.AttentionSpec;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.ElementStep;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

/** Kernels of each family on odd sizes: those of a GPU against the CPU's, twice. */
final class GpuKernels {
  private final Device gpu;
  private final double bound; // of the largest number

  GpuKernels(Device gpu, double bound) {
    this.gpu = gpu;
    this.bound = bound;
  }

  private static Tensor random(long stream, int... dims) {
    Tensor x = Tensor.zeros(dims);
    new Philox(1, stream).fillNormal(x.array(), x.offset(), x.offset() + x.shape().length(), 0, 1);
    return x;
  }

  /** How far each is off, by its name; NaN for one that fails. */
  Map<String, Double> run() {
    Tensor x = random(1, 77, 259);
    Tensor weight = random(2, 131, 259);
    Tensor row = random(3, 259);
    Map<String, BiFunction<Kernels, Device, Tensor>> cases = new LinkedHashMap<>();
    cases.put("matmul", (kernels, device) -> {
      Tensor y = Tensor.empty(device, Shape.of(77, 131));
      kernels.matmul().matmul(x.to(device), false, weight.to(device), true, false, y);
      return y;
    });
    cases.put("stream", (kernels, device) -> {
      Tensor y = Tensor.empty(device, Shape.of(3, 131));
      kernels.matmul().stream(x.slice(0, 3).to(device), weight.to(device), true, y, Epilogue.NONE);
      return y;
    });
    cases.put("activation", (kernels, device) -> {
      Tensor y = Tensor.empty(device, x.shape());
      kernels.elementwise().activation(Activation.SILU, x.to(device), y);
      return y;
    });
    cases.put("dropout", (kernels, device) -> {
      Tensor y = Tensor.empty(device, x.shape());
      kernels.elementwise().dropout(0.3f, new Philox(5, 6), x.to(device), false, y);
      return y;
    });
    cases.put("rms norm", (kernels, device) -> {
      Tensor y = Tensor.empty(device, x.shape());
      kernels.norm().rmsNorm(x.to(device), null, row.to(device), 0, 1e-6f, null, y, null);
      return y;
    });
    cases.put("softmax", (kernels, device) -> {
      Tensor y = Tensor.empty(device, x.shape());
      kernels.reduce().softmax(x.to(device), false, y);
      return y;
    });
    cases.put("cross-entropy", (kernels, device) -> {
      Tensor logits = Tensor.empty(device, x.shape()).copyFrom(x);
      kernels.loss().crossEntropy(logits, new int[77], null, 0.1f, 0, true, 1, Tensor.empty(device, Shape.of(77)));
      return logits;
    });
    cases.put("attention", (kernels, device) -> attention(kernels, device, false));
    cases.put("attention, backward", (kernels, device) -> attention(kernels, device, true));
    for (ElementRule rule : ElementRule.values()) {
      cases.put(rule.name().toLowerCase(Locale.ROOT), (kernels, device) -> moved(rule, kernels, device));
    }
    Map<String, Double> found = new LinkedHashMap<>();
    cases.forEach((name, work) -> found.put(name, compare(name, work)));
    return found;
  }

  private static Tensor attention(Kernels kernels, Device device, boolean backward) {
    int[] offsets = {0, 50, 51, 77};
    AttentionSpec spec = new AttentionSpec(offsets, offsets, 4, 2, 33, 0.2f, true, Integer.MAX_VALUE, 0, 0, null);
    Columns q = Columns.of(random(10, 77, 132).to(device));
    Columns k = Columns.of(random(11, 77, 66).to(device));
    Columns v = Columns.of(random(12, 77, 66).to(device));
    Columns out = Columns.of(Tensor.empty(device, Shape.of(77, 132)));
    Tensor logSumExp = Tensor.empty(device, Shape.of(4, 77));
    kernels.attention().forward(spec, q, k, v, out, logSumExp);
    if (!backward) {
      return out.tensor();
    }
    Columns dk = Columns.of(Tensor.empty(device, Shape.of(77, 66)));
    kernels.attention().backward(spec, q, k, v, out, logSumExp, Columns.of(random(13, 77, 132).to(device)),
        Columns.of(Tensor.empty(device, Shape.of(77, 132))), dk, Columns.of(Tensor.empty(device, Shape.of(77, 66))));
    return dk.tensor();
  }

  private static Tensor moved(ElementRule rule, Kernels kernels, Device device) {
    Tensor p = random(20, 77, 259).to(device);
    float[] numbers = new float[rule.numbers()];
    Arrays.fill(numbers, 0.25f);
    Tensor[] states = new Tensor[rule.states()];
    for (int i = 0; i < states.length; i++) {
      states[i] = Tensor.empty(device, p.shape()).fill(i == 0 ? 2 : 0.3f);
    }
    Tensor moved = p.copy();
    kernels.optimizer().step(List.of(new ElementStep(rule, numbers, moved, random(21, 77, 259).to(device), null, states)));
    return moved;
  }

  private double compare(String name, BiFunction<Kernels, Device, Tensor> work) {
    float[] expected = work.apply(Kernels.of(Device.CPU), Device.CPU).toFloatArray();
    float[] first = work.apply(Kernels.of(gpu), gpu).toFloatArray();
    float[] second = work.apply(Kernels.of(gpu), gpu).toFloatArray();
    double largest = 0;
    double off = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      off = Math.max(off, Double.isNaN(first[i]) ? Double.POSITIVE_INFINITY : Math.abs(expected[i] - first[i]));
    }
    boolean same = Arrays.equals(first, second);
    boolean good = same && off <= bound * largest;
    System.out.printf(Locale.ROOT, "%-22s %s  off by %.1e of the largest%s%n", name, good ? "ok    " : "FAILED", off / largest,
        same ? "" : ", other bits the second time");
    return good ? off / largest : Double.NaN;
  }
}
