package dev.hone.bench;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.parallel.Workers;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Products of few rows with a stored weight, as it is stored and interleaved, beside a plain read of as many bytes: all in turn
 * in one process, the best of all repetitions.
 *
 * <pre>FewRowsBench [threads] [seconds] [K] [N] [types]</pre>
 */
public final class FewRowsBench {
  private static final DType[] TYPES = {DType.F32, DType.BF16, DType.F16, DType.Q8_0, DType.INT8_ROWS, DType.NF4};
  private static final int[] ROWS = {1, 2, 4, 8, 15, 16, 32};
  private static final long POOL = 160L << 20; // more than the caches hold

  private FewRowsBench() {}

  /** Measures and prints. */
  public static void main(String[] args) {
    int threads = args.length > 0 ? Integer.parseInt(args[0]) : 1;
    double seconds = args.length > 1 ? Double.parseDouble(args[1]) : 2;
    int k = args.length > 2 ? Integer.parseInt(args[2]) : 2048;
    int n = args.length > 3 ? Integer.parseInt(args[3]) : 8192;
    Workers.setThreads(threads);
    System.out.printf(Locale.ROOT, "x[M, %d] times a weight [%d, %d], %d threads; ms, best of %.1f s a type%n", k, n, k, threads,
        seconds);
    System.out.println("type       bytes/weight read ms | for each number of rows: stored ms, interleaved ms, ratio;"
        + " share of the read");
    for (DType type : args.length > 4 ? Stream.of(args[4].split(",")).map(DType::valueOf).toArray(DType[]::new) : TYPES) {
      measure(type, k, n, seconds);
    }
  }

  private static void measure(DType type, int k, int n, double seconds) {
    MatMulKernels kernels = Kernels.active().matmul();
    Tensor first = weight(type, k, n, 0);
    int count = (int) Math.max(1, Math.min(24, POOL / first.bytes()));
    List<Tensor> stored = new ArrayList<>(List.of(first));
    for (int i = 1; i < count; i++) {
      stored.add(weight(type, k, n, i));
    }
    List<Tensor> laidOut = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Tensor copy = weight(type, k, n, i);
      kernels.layOut(copy, true);
      laidOut.add(copy);
    }
    MemorySegment plain = Arena.ofAuto().allocate(first.bytes() * count / 4096 * 4096, 64);
    double[][] best = new double[ROWS.length][2];
    for (double[] pair : best) {
      Arrays.fill(pair, 1e9);
    }
    double read = 1e9;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    for (int turn = 0; System.nanoTime() < end || turn < 2 * count; turn++) {
      int at = turn % count;
      long begin = System.nanoTime();
      read(plain, first.bytes() * at, first.bytes());
      read = Math.min(read, (System.nanoTime() - begin) / 1e6);
      for (int r = 0; r < ROWS.length; r++) {
        best[r][0] = Math.min(best[r][0], product(kernels, ROWS[r], k, n, stored.get(at)));
        best[r][1] = Math.min(best[r][1], product(kernels, ROWS[r], k, n, laidOut.get(at)));
      }
    }
    StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-9s %6.3f %8.3f |", type,
        first.bytes() / (double) k / n, read));
    for (int r = 0; r < ROWS.length; r++) {
      line.append(String.format(Locale.ROOT, " %d: %.2f %.2f %.2f;", ROWS[r], best[r][0], best[r][1], best[r][0] / best[r][1]));
    }
    System.out.println(line + String.format(Locale.ROOT, " share %.2f -> %.2f", read / best[0][0], read / best[0][1]));
  }

  private static double product(MatMulKernels kernels, int m, int k, int n, Tensor weight) {
    Tensor x = Tensor.full(0.5f, m, k);
    Tensor y = Tensor.empty(m, n);
    long begin = System.nanoTime();
    if (m <= 16) {
      kernels.stream(x, weight, true, y, Epilogue.NONE);
    } else {
      kernels.matmul(x, false, weight, true, false, y);
    }
    return (System.nanoTime() - begin) / 1e6;
  }

  private static void read(MemorySegment plain, long from, long bytes) {
    int piece = 1 << 17;
    long begin = Math.min(from, plain.byteSize() - bytes) / 4096 * 4096;
    Workers.ranges((int) (bytes / piece), 1, (i, to) -> {
      for (int j = i; j < to; j++) {
        PlainRead.sum(plain, begin + (long) j * piece, begin + (long) (j + 1) * piece);
      }
    });
  }

  private static Tensor weight(DType type, int k, int n, int seed) {
    float[] values = new float[k * n];
    Random random = new Random(seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    Tensor weight = Tensor.of(values, n, k);
    if (type.isQuantized()) {
      return Quantized.of(weight, type).tensor(weight.shape());
    }
    MemorySegment memory = Arena.ofAuto().allocate((long) values.length * type.bytes(), 64);
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i]);
        case BF16 -> memory.setAtIndex(ValueLayout.JAVA_SHORT, i,
            (short) (Float.floatToRawIntBits(values[i]) >>> 16));
        default -> memory.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
      }
    }
    return Tensor.of(memory, type, Shape.of(n, k));
  }
}
