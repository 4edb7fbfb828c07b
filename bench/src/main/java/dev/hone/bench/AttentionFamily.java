package dev.hone.bench;

import dev.hone.bench.OpsReport.Unit;
import dev.hone.bench.OpsReport.Work;
import dev.hone.core.AttentionSpec;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.Kernels;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Attention, forward and with gradients by queries, keys and values. Results are allocated in a scope. Operations are counted
 * as the reference counts them: both products over the full square, the backward pass 2.5 times that.
 */
final class AttentionFamily implements OpsFamily {
  private static final AttentionKernels KERNELS = Kernels.active().attention();

  @Override
  public void run(OpsReport report) {
    fixed(report, 4, 12, 512, 64);
    fixed(report, 1, 32, 1024, 64);
    padding(report, 16, 12, 128, 64);
    sentences(report, 32, 12, 32);
  }

  private static void fixed(OpsReport report, int b, int h, int t, int d) {
    int[] lengths = IntStream.range(0, b).map(_ -> t).toArray();
    measure(report, "sdpa_causal", shape(b, h, t, d), lengths, h, d, true, 4.0 * b * h * t * t * d);
  }

  /**
   * What the reference computes with a mask over padded sequences of up to {@code t} tokens, the shortest of them half as long.
   * The lengths are drawn here too, but there is no padding.
   */
  private static void padding(OpsReport report, int b, int h, int t, int d) {
    int[] lengths = new Random(1).ints(b, t / 2, t + 1).toArray();
    measure(report, "sdpa_padding", shape(b, h, t, d), lengths, h, d, false, 4.0 * b * h * t * t * d);
    int[] whole = IntStream.range(0, b).map(_ -> t).toArray();
    measure(report, "sdpa_full", shape(b, h, t, d), whole, h, d, false, 4.0 * b * h * t * t * d);
  }

  /** Short sentences of 10 to 40 tokens, which the reference pads to 40. */
  private static void sentences(OpsReport report, int b, int h, int d) {
    int[] lengths = IntStream.range(0, b).map(i -> 10 + 7 * i % 31).toArray();
    measure(report, "sdpa_sentences", shape(b, h, 40, d), lengths, h, d, false, 4.0 * b * h * 40 * 40 * d);
  }

  private static String shape(int b, int h, int t, int d) {
    return "[" + b + ", " + h + ", " + t + ", " + d + "]";
  }

  private static void measure(OpsReport report, String name, String shape, int[] lengths, int h, int d, boolean causal,
      double flop) {
    try (Scope _ = Scope.open()) { // operands are activations: they too lie in a scope's memory
      both(report, name, shape, lengths, h, d, causal, flop);
    }
  }

  private static void both(OpsReport report, String name, String shape, int[] lengths, int h, int d, boolean causal,
      double flop) {
    int[] offsets = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      offsets[i + 1] = offsets[i] + lengths[i];
    }
    int n = offsets[lengths.length];
    AttentionSpec spec = new AttentionSpec(offsets, offsets, h, h, d, (float) (1 / Math.sqrt(d)), causal, Integer.MAX_VALUE, 0,
        0, null);
    report.report(name + "_fwd", shape, () -> {
      Columns q = random(n, h * d);
      Columns k = random(n, h * d);
      Columns v = random(n, h * d);
      return () -> {
        try (Scope _ = Scope.open()) {
          KERNELS.forward(spec, q, k, v, empty(n, h * d), null);
        }
      };
    }, new Work(Unit.FLOP, flop));
    report.report(name + "_fwd_bwd", shape, () -> {
      Columns q = random(n, h * d);
      Columns k = random(n, h * d);
      Columns v = random(n, h * d);
      Columns up = random(n, h * d);
      return () -> {
        try (Scope _ = Scope.open()) {
          Columns out = empty(n, h * d);
          Tensor logSumExp = Tensor.empty(h, n);
          KERNELS.forward(spec, q, k, v, out, logSumExp);
          KERNELS.backward(spec, q, k, v, out, logSumExp, up, empty(n, h * d), empty(n, h * d), empty(n, h * d));
        }
      };
    }, new Work(Unit.FLOP, 3.5 * flop));
  }

  private static Columns random(int rows, int columns) {
    return Columns.of(RowOps.random(rows, columns));
  }

  private static Columns empty(int rows, int columns) {
    return Columns.of(Tensor.empty(rows, columns));
  }
}
