package dev.hone.bench;

import dev.hone.core.Activation;
import dev.hone.core.AttentionSpec;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One thread on operands that fit the caches: what {@link SpeedGuard} compares with the bare rate of multiply-adds. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-XX:PerMethodTrapLimit=10000", "-Dhone.threads=1"})
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class GuardBenchmark {
  static final int N = 256;
  static final int STEPS = 1000;
  static final int CHAINS = 10; // with their factors they fit 16 registers, and suffice to hide the time of one
  static final int LANES = FloatVector.SPECIES_PREFERRED.length();

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final Kernels KERNELS = Kernels.active();

  private final Tensor a = RowOps.random(N, N);
  private final Tensor b = RowOps.random(N, N);
  private final Tensor c = Tensor.empty(N, N);
  private final Tensor row = RowOps.random(1, N);
  private final Tensor rowOut = Tensor.empty(1, N);
  private final Tensor thin = RowOps.random(N, 8);
  private final Tensor thinOut = Tensor.empty(N, 8);
  private final Tensor brain = Tensor.of(Arena.ofAuto().allocate(2L * N * N, 64), DType.BF16, Shape.of(N, N));
  private final Tensor laidOutBrain = laidOut(Tensor.of(Arena.ofAuto().allocate(2L * N * N, 64), DType.BF16, Shape.of(N, N)));
  private final Tensor laidOutFloats = laidOut(Tensor.of(Arena.ofAuto().allocate(4L * N * N, 64), DType.F32, Shape.of(N, N)));
  private final Tensor laidOutBytes = laidOut(Quantized.of(b, DType.Q8_0).tensor(b.shape()));
  private final Tensor laidOutBook = laidOut(Quantized.of(b, DType.NF4).tensor(b.shape()));
  private final Tensor eight = RowOps.random(8, N);
  private final Tensor eightOut = Tensor.empty(8, N);
  private final Tensor sentence = RowOps.random(15, N);
  private final Tensor sentenceOut = Tensor.empty(15, N);
  private final Tensor weight = RowOps.random(N);
  private final Tensor perRow = Tensor.empty(N);
  private final Tensor heads = Tensor.empty(4, N);
  private final Tensor dq = Tensor.empty(N, N);
  private final Tensor dk = Tensor.empty(N, N);
  private final Tensor dv = Tensor.empty(N, N);
  private final Tensor first = Tensor.zeros(N, N);
  private final Tensor second = Tensor.zeros(N, N);
  private final int[] offsets = {0, N};
  private final AttentionSpec spec =
      new AttentionSpec(offsets, offsets, 4, 4, N / 4, 0.125f, false, Integer.MAX_VALUE, 0, 0, null);
  private final float[] factors = {0.5f, 0.25f};

  /** The yardstick: independent multiply-adds in registers. */
  @Benchmark
  public float multiplyAdd() {
    FloatVector factor = FloatVector.broadcast(SPECIES, factors[0]);
    FloatVector term = FloatVector.broadcast(SPECIES, factors[1]);
    FloatVector s0 = term;
    FloatVector s1 = term;
    FloatVector s2 = term;
    FloatVector s3 = term;
    FloatVector s4 = term;
    FloatVector s5 = term;
    FloatVector s6 = term;
    FloatVector s7 = term;
    FloatVector s8 = term;
    FloatVector s9 = term;
    for (int i = 0; i < STEPS; i++) {
      s0 = s0.fma(factor, term);
      s1 = s1.fma(factor, term);
      s2 = s2.fma(factor, term);
      s3 = s3.fma(factor, term);
      s4 = s4.fma(factor, term);
      s5 = s5.fma(factor, term);
      s6 = s6.fma(factor, term);
      s7 = s7.fma(factor, term);
      s8 = s8.fma(factor, term);
      s9 = s9.fma(factor, term);
    }
    return s0.add(s1).add(s2).add(s3).add(s4).add(s5).add(s6).add(s7).add(s8).add(s9).lane(0);
  }

  /** A square product. */
  @Benchmark
  public void product() {
    KERNELS.matmul().matmul(a, false, b, true, false, c);
  }

  /** One row times a matrix in an array. */
  @Benchmark
  public void oneRow() {
    KERNELS.matmul().stream(row, b, true, rowOut, Epilogue.NONE);
  }

  /** One row times a matrix of BF16. */
  @Benchmark
  public void oneRowOfBrain() {
    KERNELS.matmul().stream(row, brain, true, rowOut, Epilogue.NONE);
  }

  private static Tensor laidOut(Tensor frozen) {
    KERNELS.matmul().layOut(frozen, true);
    return frozen;
  }

  /** One row times an interleaved matrix of BF16. */
  @Benchmark
  public void laidOutBrain() {
    KERNELS.matmul().stream(row, laidOutBrain, true, rowOut, Epilogue.NONE);
  }

  /** One row times an interleaved matrix of Q8_0. */
  @Benchmark
  public void laidOutBytes() {
    KERNELS.matmul().stream(row, laidOutBytes, true, rowOut, Epilogue.NONE);
  }

  /** One row times an interleaved matrix of NF4. */
  @Benchmark
  public void laidOutBook() {
    KERNELS.matmul().stream(row, laidOutBook, true, rowOut, Epilogue.NONE);
  }

  /** Eight rows times an interleaved matrix of Q8_0. */
  @Benchmark
  public void eightLaidOut() {
    KERNELS.matmul().stream(eight, laidOutBytes, true, eightOut, Epilogue.NONE);
  }

  /** The rows of a sentence times an interleaved matrix of floats. */
  @Benchmark
  public void sentence() {
    KERNELS.matmul().matmul(sentence, false, laidOutFloats, true, false, sentenceOut);
  }

  /** Into a thin adapter. */
  @Benchmark
  public void thinDown() {
    KERNELS.matmul().matmul(a, false, thin, false, false, thinOut);
  }

  /** Attention of one sequence, and its gradient. */
  @Benchmark
  public void attention() {
    KERNELS.attention().forward(spec, Columns.of(a), Columns.of(b), Columns.of(a), Columns.of(c), heads);
    KERNELS.attention().backward(spec, Columns.of(a), Columns.of(b), Columns.of(a), Columns.of(c), heads, Columns.of(b),
        Columns.of(dq), Columns.of(dk), Columns.of(dv));
  }

  /** Softmax of rows. */
  @Benchmark
  public void softmax() {
    KERNELS.reduce().softmax(a, false, c);
  }

  /** Layer norm of rows. */
  @Benchmark
  public void layerNorm() {
    KERNELS.norm().layerNorm(a, null, weight, weight, 1e-5f, null, c, perRow, perRow);
  }

  /** GELU. */
  @Benchmark
  public void gelu() {
    KERNELS.elementwise().activation(Activation.GELU, a, c);
  }

  /** Its gradient, the longest of the loops over elements. */
  @Benchmark
  public void geluGradient() {
    KERNELS.elementwise().activationBackward(Activation.GELU, a, b, false, c);
  }

  /** An AdamW step. */
  @Benchmark
  public void adamW() {
    KERNELS.optimizer().adamW(c, b, null, first, second, 1, 1e-3, 0.9, 0.999, 1e-8, 0.01, 1);
  }
}
