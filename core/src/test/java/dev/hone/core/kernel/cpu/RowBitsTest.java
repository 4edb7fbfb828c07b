package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.hone.core.Activation;
import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.parallel.Workers;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows of a batch have the same bits whatever company they are in, and sums over rows however a batch is cut. */
class RowBitsTest {
  private static final int[] LENGTHS = {1, 2, 3, 5, 8, 9, 13, 64, 65, 66, 100};
  private static final int ROWS = 336; // their sum: more than a thread takes at a time
  private static final DType[] STORED = {null, DType.F32, DType.BF16, DType.F16, DType.NF4, DType.Q8_0, DType.INT8_ROWS};

  /** K and N: short sums, thin adapters, edges of tiles, several pieces of a sum. */
  private static final int[][] WEIGHTS = {{1, 70}, {16, 96}, {40, 130}, {70, 53}, {400, 1}, {400, 8}, {400, 64}, {400, 65},
      {1031, 35}, {320, 140}};

  static Stream<Arguments> kinds() {
    return MatMulTest.kinds();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void aRowHasTheSameBitsAmongOthersAndAlone(String kind, MatMulKernels kernels) {
    for (int[] size : WEIGHTS) {
      for (DType type : STORED) {
        for (boolean transB : new boolean[] {false, true}) {
          rows(kind, kernels, size[0], size[1], transB, type, new Epilogue(1, null, Activation.NONE, null));
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void andSoItHasWithAnEpilogue(String kind, MatMulKernels kernels) {
    for (int[] size : WEIGHTS) {
      Tensor bias = MatMulCase.random(new Random(7), size[1]);
      for (Activation activation : Activation.values()) {
        rows(kind, kernels, size[0], size[1], true, null, new Epilogue(0.3f, bias, activation, null));
        rows(kind, kernels, size[0], size[1], false, null, new Epilogue(0.3f, bias, activation, null));
      }
    }
  }

  private static void rows(String kind, MatMulKernels kernels, int k, int n, boolean transB, DType type, Epilogue epilogue) {
    Random random = new Random(3);
    Tensor x = MatMulCase.random(random, ROWS, k);
    Tensor weight = transB ? MatMulCase.random(random, n, k) : MatMulCase.random(random, k, n);
    Tensor b = type == null ? weight : MatMulCase.outside(weight, type);
    Tensor old = MatMulCase.random(random, ROWS, n);
    for (boolean accumulate : new boolean[] {false, true}) {
      if (accumulate && epilogue.activation() != Activation.NONE) {
        continue;
      }
      Tensor whole = old.copy();
      kernels.matmul(x, false, b, transB, accumulate, whole, epilogue);
      Tensor alone = old.copy();
      int from = 0;
      for (int length : LENGTHS) {
        kernels.matmul(x.slice(from, from + length), false, b, transB, accumulate, alone.slice(from, from + length), epilogue);
        from += length;
      }
      assertArrayEquals(whole.toFloatArray(), alone.toFloatArray(), () -> kind + " k " + k + ", n " + n
          + (transB ? ", B transposed" : "") + ", " + type + ", accumulate " + accumulate + ", " + epilogue.activation());
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void aSumOverRowsHasTheSameBitsAtOnceAndBatchByBatch(String kind, MatMulKernels kernels) {
    int before = Workers.threads();
    try {
      for (int[] size : new int[][] {{70, 53}, {4, 96}, {96, 4}, {33, 33}, {1, 700}, {700, 1}, {200, 300}}) {
        for (float scale : new float[] {1, 0.3f}) {
          Random random = new Random(5);
          Tensor dy = MatMulCase.random(random, ROWS, size[0]);
          Tensor x = MatMulCase.random(random, ROWS, size[1]);
          Tensor old = MatMulCase.random(random, size[0], size[1]);
          Tensor whole = old.copy();
          Workers.setThreads(2);
          kernels.matmul(dy, true, x, false, true, whole, Epilogue.scale(scale));
          for (int threads = 1; threads <= 3; threads++) {
            Workers.setThreads(threads);
            Tensor sum = old.copy();
            int from = 0;
            for (int length : LENGTHS) {
              kernels.matmul(dy.slice(from, from + length), true, x.slice(from, from + length), false, true, sum,
                  Epilogue.scale(scale));
              from += length;
            }
            assertArrayEquals(whole.toFloatArray(), sum.toFloatArray(),
                kind + " [" + size[0] + ", " + size[1] + "], scale " + scale + ", " + threads + " threads");
          }
        }
      }
    } finally {
      Workers.setThreads(before);
    }
  }

  static Stream<Arguments> kernels() {
    return Stream.of(CpuKernels.scalar("for the test"), Kernels.vectorModulePresent() ? CpuKernels.vector("for the test") : null)
        .filter(Objects::nonNull).map(kind -> Arguments.of(kind.name(), kind));
  }

  /** Rows of 13 lie across whole vectors in every way. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void anElementHasTheSameBitsInAnyPlace(String kind, Kernels kernels) {
    Random random = new Random(8);
    Tensor x = MatMulCase.random(random, ROWS, 13);
    Tensor up = MatMulCase.random(random, ROWS, 13);
    Tensor dy = MatMulCase.random(random, ROWS, 13);
    for (Activation activation : Activation.values()) {
      for (Call call : List.<Call>of(
          (from, to, y, _) -> kernels.elementwise().activation(activation, x.slice(from, to), y),
          (from, to, y, _) -> kernels.elementwise().activationBackward(activation, x.slice(from, to), dy.slice(from, to), true,
              y),
          (from, to, y, _) -> kernels.elementwise().gated(activation, Columns.of(x.slice(from, to)),
              Columns.of(up.slice(from, to)), Columns.of(y)),
          (from, to, y, z) -> kernels.elementwise().gatedBackward(activation, Columns.of(x.slice(from, to)),
              Columns.of(up.slice(from, to)), Columns.of(dy.slice(from, to)), Columns.of(y), Columns.of(z)))) {
        sameInAnyPlace(kind + " " + activation, call);
      }
    }
    for (Unary function : Unary.values()) {
      sameInAnyPlace(kind + " " + function,
          (from, to, y, _) -> kernels.elementwise().unary(function, 0.3f, 0.7f, x.slice(from, to), y));
      sameInAnyPlace(kind + " " + function,
          (from, to, y, _) -> kernels.elementwise().unaryBackward(function, 0.3f, 0.7f, x.slice(from, to), dy.slice(from, to),
              true, y));
    }
  }

  /** A kernel on some rows; both results are its own. */
  private interface Call {
    void run(int from, int to, Tensor y, Tensor z);
  }

  private static void sameInAnyPlace(String what, Call call) {
    Tensor y = Tensor.full(0.1f, ROWS, 13);
    Tensor z = Tensor.full(0.1f, ROWS, 13);
    call.run(0, ROWS, y, z);
    Tensor y1 = Tensor.full(0.1f, ROWS, 13);
    Tensor z1 = Tensor.full(0.1f, ROWS, 13);
    int from = 0;
    for (int length : LENGTHS) {
      call.run(from, from + length, y1.slice(from, from + length), z1.slice(from, from + length));
      from += length;
    }
    assertArrayEquals(y.toFloatArray(), y1.toFloatArray(), what);
    assertArrayEquals(z.toFloatArray(), z1.toFloatArray(), what);
  }
}
