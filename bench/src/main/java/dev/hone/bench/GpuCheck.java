package dev.hone.bench;

import dev.hone.core.Activation;
import dev.hone.core.AttentionSpec;
import dev.hone.core.Device;
import dev.hone.core.Scope;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.kernel.cuda.Cuda;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Whether a GPU computes what the CPU does, in a minute: driver and libraries, kernels of each family on odd sizes against the
 * CPU's, each twice with the same bits, then how fast products are. Ends with 1 if something differs.
 *
 * <pre>java --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -cp JARS \
 *     dev.hone.bench.GpuCheck [check|time]</pre>
 */
public final class GpuCheck {
  private static final double BOUND = 1e-4; // of the largest number, in fp32
  private static final double ROUNDED_BOUND = 2e-2; // with factors rounded to BF16
  private static final int[][] PRODUCTS = {{4096, 4096, 4096}, {8192, 2048, 8192}, {8192, 16, 2048}, {1, 2048, 8192}};
  private static final int TIMED = 10;

  private final Device gpu;
  private final double bound;
  private int failures;

  private GpuCheck(Device gpu, double bound) {
    this.gpu = gpu;
    this.bound = bound;
  }

  /** Runs all, or the part that is named. */
  public static void main(String[] arguments) {
    String part = arguments.length == 0 ? "" : arguments[0];
    Cuda.Report report = Cuda.probeThoroughly();
    report.facts().forEach(System.out::println);
    if (!report.ready()) {
      System.out.println(report.whole());
      System.exit(2);
    }
    boolean exact = System.getProperty("hone.cuda.precision", "bf16").equals("fp32");
    GpuCheck check = new GpuCheck(Cuda.device(), exact ? BOUND : ROUNDED_BOUND);
    if (!part.equals("time")) {
      check.kernels();
    }
    if (!part.equals("check")) {
      check.products();
    }
    System.exit(check.failures == 0 ? 0 : 1);
  }

  private static Tensor random(long stream, int... dims) {
    Tensor x = Tensor.zeros(dims);
    new Philox(1, stream).fillNormal(x.array(), x.offset(), x.offset() + x.shape().length(), 0, 1);
    return x;
  }

  private void kernels() {
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
    cases.put("AdamW", (kernels, device) -> {
      Tensor p = Tensor.empty(device, x.shape()).copyFrom(x);
      kernels.optimizer().adamW(p, random(7, 77, 259).to(device), null, Tensor.empty(device, x.shape()).fill(0),
          Tensor.empty(device, x.shape()).fill(0), 1, 1e-2, 0.9, 0.999, 1e-8, 0.01, 1);
      return p;
    });
    cases.forEach(this::compare);
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

  private void compare(String name, BiFunction<Kernels, Device, Tensor> work) {
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
    failures += good ? 0 : 1;
    System.out.printf(Locale.ROOT, "%-22s %s  off by %.1e of the largest%s%n", name, good ? "ok    " : "FAILED", off / largest,
        same ? "" : ", other bits the second time");
  }

  private void products() {
    for (int[] size : PRODUCTS) {
      try (Scope _ = Scope.open()) {
        Tensor a = Tensor.empty(gpu, Shape.of(size[0], size[2])).fill(0.5f);
        Tensor b = Tensor.empty(gpu, Shape.of(size[1], size[2])).fill(0.5f);
        Tensor c = Tensor.empty(gpu, Shape.of(size[0], size[1]));
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < TIMED; i++) {
          long start = System.nanoTime();
          Kernels.of(gpu).matmul().matmul(a, false, b, true, false, c);
          c.get(0); // waits
          best = Math.min(best, (System.nanoTime() - start) * 1e-9);
        }
        System.out.printf(Locale.ROOT, "product %d x %d x %d  %.3f ms, %.1f TFLOP/s%n", size[0], size[1], size[2], best * 1e3,
            2.0 * size[0] * size[1] * size[2] / best * 1e-12);
      }
    }
  }
}
