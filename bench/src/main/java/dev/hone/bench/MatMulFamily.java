package dev.hone.bench;

import dev.hone.bench.OpsReport.Unit;
import dev.hone.bench.OpsReport.Work;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.Arena;
import java.util.Random;

/** Matrix products, M x K x N, into results that exist already. */
final class MatMulFamily implements OpsFamily {
  private static final MatMulKernels KERNELS = Kernels.active().matmul();

  @Override
  public void run(OpsReport report) {
    int[][] large = {{512, 768, 768}, {512, 768, 3072}, {512, 3072, 768}, {2048, 2048, 2048}, {512, 768, 50257},
        {1, 768, 3072}, {1, 2048, 8192}};
    for (int[] s : large) {
      for (String kind : new String[] {"NN", "NT", "TN"}) {
        if (s[0] > 1 || !kind.equals("TN")) { // for one row the same memory as NN
          product(report, "sgemm_" + kind, kind, s[0], s[1], s[2], null);
        }
      }
    }
    for (int[] s : new int[][] {{512, 768, 3072}, {512, 768, 50257}, {1, 2048, 8192}}) {
      linear(report, s[0], s[1], s[2]);
    }
    for (int[] s : new int[][] {{200, 384, 384}, {200, 384, 1536}, {200, 1536, 384}, {1024, 384, 384}, {1024, 384, 1536}}) {
      for (String kind : new String[] {"NN", "NT", "TN"}) {
        product(report, "sgemm_small_" + kind, kind, s[0], s[1], s[2], null);
      }
    }
    for (int r : new int[] {4, 8, 16, 32, 64}) {
      product(report, "lora_down", "NT", 1024, 768, r, null);
      product(report, "lora_up", "NT", 1024, r, 768, null);
      product(report, "lora_grad_hidden", "NN", 1024, 768, r, null);
      product(report, "lora_grad_input", "NN", 1024, r, 768, null);
      product(report, "lora_grad_a", "TN", r, 1024, 768, null);
      product(report, "lora_grad_b", "TN", 768, 1024, r, null);
    }
    for (int m : new int[] {1, 2, 4, 8, 16}) {
      for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16, DType.NF4, DType.Q8_0, DType.INT8_ROWS}) {
        product(report, "decode_" + type + "_NT", "NT", m, 2048, 8192, type);
        product(report, "decode_" + type + "_NN", "NN", m, 2048, 8192, type);
      }
    }
    for (int m : new int[] {1, 4, 8, 16, 32, 64, 96}) {
      for (DType type : new DType[] {null, DType.BF16}) {
        product(report, "few_" + (type == null ? "array" : type) + "_NT", "NT", m, 768, 3072, type);
        product(report, "few_" + (type == null ? "array" : type) + "_NN", "NN", m, 3072, 768, type);
      }
    }
    for (DType type : new DType[] {null, DType.BF16, DType.NF4, DType.Q8_0, DType.INT8_ROWS}) {
      product(report, "frozen_" + (type == null ? "array" : type) + "_NT", "NT", 256, 2048, 8192, type);
      product(report, "frozen_" + (type == null ? "array" : type) + "_NN", "NN", 256, 8192, 2048, type);
    }
    batched(report, 48, 128, 64, 128);
  }

  private static void product(OpsReport report, String name, String kind, int m, int k, int n, DType stored) {
    double bytes = (double) k * n * (stored == null ? Float.BYTES : stored == DType.NF4 ? 0.5 : Math.max(1, stored.bytes()));
    Work flop = new Work(Unit.FLOP, 2.0 * m * k * n);
    report.report(name, m + "x" + k + "x" + n, () -> {
      boolean transA = kind.charAt(0) == 'T';
      boolean transB = kind.charAt(1) == 'T';
      Tensor a = transA ? random(k, m) : random(m, k);
      Shape shape = transB ? Shape.of(n, k) : Shape.of(k, n);
      Tensor b = stored == null ? random(shape.dim(0), shape.dim(1))
          : stored.isQuantized() ? Quantized.of(random(shape.dim(0), shape.dim(1)), stored).tensor(shape)
          : Tensor.of(Arena.ofAuto().allocate(shape.size() * stored.bytes(), 64), stored, shape);
      Tensor c = Tensor.empty(m, n);
      boolean generating = name.startsWith("decode_") || name.startsWith("sgemm") && m == 1;
      return generating ? () -> KERNELS.stream(a, b, transB, c, Epilogue.NONE)
          : () -> KERNELS.matmul(a, transA, b, transB, false, c);
    }, m > 16 ? new Work[] {flop} : new Work[] {flop, new Work(Unit.BYTE, bytes)});
  }

  /** Allocates its result, as a step does outside a scope. */
  private static void linear(OpsReport report, int m, int k, int n) {
    report.report("linear_bias_alloc", m + "x" + k + "x" + n, () -> {
      Tensor x = random(m, k);
      Tensor w = random(n, k);
      Tensor bias = random(n);
      return () -> KERNELS.matmul(x, false, w, true, false, Tensor.empty(m, n), Epilogue.bias(bias));
    }, new Work(Unit.FLOP, 2.0 * m * k * n));
  }

  private static void batched(OpsReport report, int count, int m, int k, int n) {
    report.report("batched_NT", count + "x" + m + "x" + k + "x" + n, () -> {
      Tensor a = random(count, m, k);
      Tensor b = random(count, n, k);
      Tensor c = Tensor.empty(count, m, n);
      return () -> KERNELS.batched(a, false, b, true, false, c);
    }, new Work(Unit.FLOP, 2.0 * count * m * k * n));
  }

  private static Tensor random(int... dims) {
    Tensor tensor = Tensor.empty(dims);
    Random random = new Random(tensor.size());
    float[] array = tensor.array();
    for (int i = 0; i < array.length; i++) {
      array[i] = random.nextFloat() - 0.5f;
    }
    return tensor;
  }
}
