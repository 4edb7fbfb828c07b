package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.Activation;
import dev.hone.core.DType;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.parallel.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of both kinds of loops against float64, and what must hold bit for bit. */
class MatMulTest {
  private static final String[] LAYOUTS = {"NN", "NT", "TN", "TT"};
  private static final DType[] STORED = {DType.F32, DType.BF16, DType.F16, DType.NF4, DType.Q8_0, DType.INT8_ROWS};

  static List<MatMulCase> cases() {
    List<MatMulCase> cases = new ArrayList<>();
    int[] odd = {1, 7, 13, 31, 208};
    for (String layout : LAYOUTS) {
      for (int m : odd) {
        for (int n : odd) {
          for (int k : new int[] {1, 8, 31, 207}) {
            cases.add(MatMulCase.of(m, k, n, layout));
          }
        }
      }
      cases.add(MatMulCase.of(37, 1100, 45, layout)); // more than one piece of the sum
      cases.add(MatMulCase.of(1600, 9, 20, layout)); // more than one block of rows
      cases.add(MatMulCase.of(20, 9, 2100, layout)); // more than one block of columns
      cases.add(MatMulCase.of(50, 300, 50, layout).accumulating());
      cases.add(MatMulCase.of(50, 300, 50, layout).scaled(0.3f).withBias());
      cases.add(MatMulCase.of(61, 1100, 35, layout).scaled(-2).withBias().accumulating());
      cases.add(MatMulCase.of(3, 0, 5, layout));
      cases.add(MatMulCase.of(3, 0, 5, layout).accumulating().withBias());
      for (DType type : STORED) {
        for (int m : new int[] {1, 2, 5, 8, 9, 60, 90}) {
          cases.add(MatMulCase.of(m, 70, 53, layout).stored(type));
          cases.add(MatMulCase.of(m, 192, 128, layout).stored(type));
          cases.add(MatMulCase.of(m, 1031, 67, layout).stored(type));
        }
      }
    }
    return cases;
  }

  static Stream<Arguments> kinds() {
    Stream<Kernels> kinds = Stream.of(CpuKernels.scalar("for the test"));
    if (Kernels.vectorModulePresent()) {
      kinds = Stream.concat(kinds, Stream.of(CpuKernels.vector("for the test")));
    }
    return kinds.map(kind -> Arguments.of(kind.name(), kind.matmul()));
  }

  static Stream<Arguments> kindsAndCases() {
    return cases().stream().flatMap(c -> kinds().map(kind -> Arguments.of(kind.get()[0], c, kind.get()[1])));
  }

  @Test
  void bothKindsOfLoopsAreTested() {
    assumeTrue(Kernels.vectorModulePresent(),
        "only the scalar loops are tested: the JVM runs without --add-modules jdk.incubator.vector");
    assertEquals(2, kinds().count());
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("kindsAndCases")
  void agreesWithFloat64(String kind, MatMulCase c, MatMulKernels kernels) {
    double error = c.error(c.run(kernels));
    assertTrue(error <= 1, () -> kind + " " + c + ": the largest error is " + error + " of what rounding may cost");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void bitsDoNotDependOnTheNumberOfThreads(String kind, MatMulKernels kernels) {
    List<MatMulCase> large = new ArrayList<>();
    for (String layout : LAYOUTS) {
      large.add(MatMulCase.of(301, 700, 411, layout));
      large.add(MatMulCase.of(1600, 100, 90, layout));
      large.add(MatMulCase.of(1024, 768, 16, layout));
      large.add(MatMulCase.of(16, 1024, 768, layout));
      large.add(MatMulCase.of(1, 1500, 1300, layout).stored(DType.BF16));
      large.add(MatMulCase.of(4, 1500, 1300, layout));
      large.add(MatMulCase.of(301, 700, 411, layout).stored(DType.NF4));
      large.add(MatMulCase.of(1, 1536, 1300, layout).stored(DType.Q8_0));
    }
    int before = Workers.threads();
    try {
      for (MatMulCase c : large) {
        Workers.setThreads(1);
        float[] one = c.run(kernels);
        for (int threads = 2; threads <= 3; threads++) {
          Workers.setThreads(threads);
          assertArrayEquals(one, c.run(kernels), kind + " " + c + " with " + threads + " threads");
        }
      }
    } finally {
      Workers.setThreads(before);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void storedTypesGiveTheBitsOfTheirWidenedValues(String kind, MatMulKernels kernels) {
    for (String layout : LAYOUTS) {
      for (int m : new int[] {1, 3, 8, 40}) {
        for (DType type : STORED) {
          for (int[] size : new int[][] {{1031, 67}, {320, 96}}) {
            MatMulCase c = MatMulCase.of(m, size[0], size[1], layout).stored(type);
            MatMulCase.Values operands = c.operands();
            Tensor widened = Tensor.empty(m, size[1]);
            kernels.matmul(operands.a(), c.transA(), operands.b().toF32(), c.transB(), false, widened);
            assertArrayEquals(widened.toFloatArray(), c.run(kernels), kind + " " + c);
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void streamsTheSameProducts(String kind, MatMulKernels kernels) {
    int before = Workers.threads();
    try {
      for (String layout : new String[] {"NN", "NT"}) {
        for (int m : new int[] {1, 5, 16, 17}) {
          for (int[] size : new int[][] {{40, 67}, {1031, 67}, {320, 96}, {192, 30}, {1536, 130}}) {
            for (DType type : STORED) {
              MatMulCase c = MatMulCase.of(m, size[0], size[1], layout).stored(type).scaled(0.3f).withBias();
              Workers.setThreads(1);
              float[] y = c.stream(kernels, c.operands().b());
              double error = c.error(y);
              assertTrue(error <= 1, () -> kind + " " + c + ": the largest error is " + error + " of what rounding may cost");
              assertArrayEquals(y, c.stream(kernels, c.operands().b().toF32()), kind + " widened " + c);
              Workers.setThreads(2);
              assertArrayEquals(y, c.stream(kernels, c.operands().b()), kind + " with 2 threads " + c);
            }
          }
        }
      }
    } finally {
      Workers.setThreads(before);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void epilogueKeepsWhatTheActivationIsAppliedTo(String kind, MatMulKernels kernels) {
    for (int m : new int[] {1, 6, 70}) {
      MatMulCase c = MatMulCase.of(m, 300, 75, "NT").scaled(0.1f).withBias();
      float[] plain = c.run(kernels);
      for (Activation activation : Activation.values()) {
        MatMulCase.Values operands = c.operands();
        Tensor pre = Tensor.full(Float.NaN, m, 75);
        Tensor y = Tensor.full(Float.NaN, m, 75);
        Tensor expected = Tensor.empty(m, 75);
        kernels.matmul(operands.a(), false, operands.b(), true, false, y,
            new Epilogue(0.1f, operands.bias(), activation, pre));
        assertArrayEquals(plain, pre.toFloatArray(), kind + " pre-activation of " + activation);
        CpuKernels.scalar("for the test").elementwise().activation(activation, pre, expected);
        assertArrayEquals(expected.toFloatArray(), y.toFloatArray(), 1e-6f, kind + " " + activation);
        Tensor alone = Tensor.empty(m, 75);
        kernels.matmul(operands.a(), false, operands.b(), true, false, alone,
            new Epilogue(0.1f, operands.bias(), activation, null));
        assertArrayEquals(y.toFloatArray(), alone.toFloatArray(), kind + " without keeping, " + activation);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void batchedProductsAreTheSingleOnes(String kind, MatMulKernels kernels) {
    Random random = new Random(5);
    for (int count : new int[] {0, 1, 3, 9}) {
      Tensor a = MatMulCase.random(random, count, 19, 33);
      Tensor b = MatMulCase.random(random, count, 21, 33);
      Tensor c = MatMulCase.random(random, count, 19, 21);
      Tensor old = c.copy();
      kernels.batched(a, false, b, true, true, c);
      for (int i = 0; i < count; i++) {
        Tensor expected = old.slice(i, i + 1).copy().reshape(19, 21);
        kernels.matmul(a.slice(i, i + 1).reshape(19, 33), false, b.slice(i, i + 1).reshape(21, 33), true, true, expected);
        assertArrayEquals(expected.toFloatArray(), c.slice(i, i + 1).toFloatArray(), kind + " item " + i);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void leadingAxesAreRows(String kind, MatMulKernels kernels) {
    MatMulCase.Values operands = MatMulCase.of(12, 33, 10, "NN").operands();
    Tensor flat = Tensor.empty(12, 10);
    Tensor deep = Tensor.empty(3, 4, 10);
    kernels.matmul(operands.a(), false, operands.b(), false, false, flat);
    kernels.matmul(operands.a().reshape(3, 4, 33), false, operands.b(), false, false, deep);
    assertArrayEquals(flat.toFloatArray(), deep.toFloatArray(), kind);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void errorsNameOperandsRuleAndFix(String kind, MatMulKernels kernels) {
    Tensor a = Tensor.zeros(2, 7, 768);
    Tensor b = Tensor.zeros(3072, 768);
    assertEquals("matmul: inner sizes differ: lhs [2, 7, 768] has 768, rhs [3072, 768] has 3072; rhs fits with transB = true",
        assertThrows(ShapeException.class, () -> kernels.matmul(a, false, b, false, false, Tensor.zeros(14, 3072)))
            .getMessage());
    assertEquals("matmul: lhs [2, 7, 768] times rhs [3072, 768] transposed is [14, 3072], the result to write is [14, 768]",
        assertThrows(ShapeException.class, () -> kernels.matmul(a, false, b, true, false, Tensor.zeros(14, 768)))
            .getMessage());
    assertEquals("matmul: bias [768] has 768 elements; it needs one for each of the 3072 columns of the result [14, 3072]",
        assertThrows(ShapeException.class, () -> kernels.matmul(a, false, b, true, false, Tensor.zeros(14, 3072),
            Epilogue.bias(Tensor.zeros(768)))).getMessage());
    assertTrue(assertThrows(IllegalArgumentException.class, () -> kernels.matmul(a, false, b, true, true,
        Tensor.zeros(14, 3072), new Epilogue(1, null, Activation.RELU, null))).getMessage().contains("exclude each other"));
    assertEquals("batched matmul: lhs [2, 7, 768], rhs [3, 768, 4], result [2, 7, 4]; the first axes must be equal",
        assertThrows(ShapeException.class,
            () -> kernels.batched(a, false, Tensor.zeros(3, 768, 4), false, false, Tensor.zeros(2, 7, 4))).getMessage());
  }
}
