package dev.hone.bench;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.parallel.Workers;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Matrix products of language models: M x K x N in the layouts of the forward pass and of both gradients. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-XX:PerMethodTrapLimit=10000"})
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class MatMulBenchmark {
  /** Sizes. */
  @Param({"512x768x768", "512x768x3072", "512x3072x768", "2048x2048x2048", "1x2048x8192", "1024x768x16"})
  public String shape;

  /** Transposition of either operand. */
  @Param({"NN", "NT", "TN"})
  public String layout;

  /** Number of threads. */
  @Param({"1", "2"})
  public int threads;

  private Tensor a;
  private Tensor b;
  private Tensor c;

  /** Makes the operands. */
  @Setup
  public void prepare() {
    Workers.setThreads(threads);
    String[] sizes = shape.split("x");
    int m = Integer.parseInt(sizes[0]);
    int k = Integer.parseInt(sizes[1]);
    int n = Integer.parseInt(sizes[2]);
    a = random(m, k).reshape(layout.startsWith("T") ? new int[] {k, m} : new int[] {m, k});
    b = random(k, n).reshape(layout.endsWith("T") ? new int[] {n, k} : new int[] {k, n});
    c = Tensor.empty(m, n);
  }

  private static Tensor random(int rows, int columns) {
    Tensor tensor = Tensor.empty(rows, columns);
    Random random = new Random(1);
    float[] array = tensor.array();
    for (int i = 0; i < array.length; i++) {
      array[i] = random.nextFloat() - 0.5f;
    }
    return tensor;
  }

  /** One product. */
  @Benchmark
  public Tensor product() {
    Kernels.active().matmul().matmul(a, layout.startsWith("T"), b, layout.endsWith("T"), false, c);
    return c;
  }
}
