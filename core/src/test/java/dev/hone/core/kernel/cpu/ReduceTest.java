package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ReduceKernels;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sums, maxima and softmax. */
class ReduceTest {
  private static final int[][] VIEWS = { // outer, length, inner
      {1, 0, 3}, {0, 4, 2}, {3, 5, 0}, {1, 1, 1}, {5, 7, 1}, {1, 1024, 1}, {207, 31, 1}, {1, 40_000, 1}, {3, 50_000, 1},
      {4, 3, 5}, {1, 207, 8}, {1, 300, 13}, {2, 600, 207}, {1, 1000, 300}, {3, 16, 129}, {20, 1, 16}};

  private static final int[][] ROWS = {{0, 4}, {3, 0}, {1, 1}, {5, 7}, {4, 8}, {3, 13}, {9, 16}, {17, 31}, {33, 64}, {6, 207},
      {20, 1024}, {2, 50_257}};

  @ParameterizedTest
  @EnumSource
  void sumsAgreeWithFloat64(Kind kind) {
    for (int[] v : VIEWS) {
      Tensor x = Operand.normal(1, v);
      double[] expected = new double[v[0] * v[2]];
      for (int i = 0; i < x.size(); i++) {
        expected[i / v[2] / v[1] * v[2] + i % v[2]] += 0.5 * x.get(i);
      }
      Tensor y = Operand.result(v[0], v[2]);
      kind.kernels().reduce().sum(x, v[0], v[1], v[2], 0.5f, false, y);
      double rounding = 2e-7 * Math.sqrt(v[1]);
      Operand.assertNear("sum of " + x.shape(), expected, y, 3e-7, rounding);

      Tensor more = Operand.filled(3, v[0], v[2]);
      kind.kernels().reduce().sum(x, v[0], v[1], v[2], 0.5f, true, more);
      Operand.assertNear("sum added", Arrays.stream(expected).map(e -> e + 3).toArray(), more, 4e-7, rounding);
    }
  }

  @ParameterizedTest
  @EnumSource
  void longSumsStayAccurate(Kind kind) {
    int n = 3_000_000;
    Tensor y = Operand.result(1);
    kind.kernels().reduce().sum(Tensor.full(0.1f, n), 1, n, 1, 1, false, y);
    assertEquals(n * (double) 0.1f, y.item(), 2e-6 * n * 0.1);
    Tensor columns = Operand.result(4);
    kind.kernels().reduce().sum(Tensor.full(0.1f, n / 4, 4), 1, n / 4, 4, 1, false, columns);
    assertEquals(n / 4 * (double) 0.1f, columns.get(3), 2e-6 * n / 4 * 0.1);
  }

  @ParameterizedTest
  @EnumSource
  void theFirstMaximumIsFound(Kind kind) {
    for (int[] v : VIEWS) {
      if (v[1] == 0) {
        continue;
      }
      Tensor x = Operand.normal(1, v);
      for (int i = 0; i < x.size(); i++) {
        x.array()[x.offset() + i] = Math.round(2 * x.get(i)); // many equal ones
      }
      Tensor y = Operand.result(v[0], v[2]);
      int[] indices = new int[v[0] * v[2]];
      kind.kernels().reduce().max(x, v[0], v[1], v[2], y, indices);
      double[] expected = new double[indices.length];
      int[] first = new int[indices.length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < v[1]; j++) {
          double value = x.get((i / v[2] * v[1] + j) * v[2] + i % v[2]);
          if (value > expected[i]) {
            expected[i] = value;
            first[i] = j;
          }
        }
      }
      Operand.assertNear("max of " + x.shape(), expected, y, 0, 0);
      assertArrayEquals(first, indices, "positions in " + x.shape());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aMaximumOverNanIsNan(Kind kind) {
    for (int length : new int[] {3, 40}) {
      for (int inner : new int[] {1, 2}) {
        Tensor x = Operand.normal(1, 1, length, inner);
        x.array()[x.offset() + 2 * inner] = Float.NaN;
        Tensor y = Operand.result(inner);
        int[] indices = new int[inner];
        kind.kernels().reduce().max(x, 1, length, inner, y, indices);
        assertTrue(Float.isNaN(y.get(0)));
        assertEquals(2, indices[0]);
      }
    }
    Tensor least = Operand.filled(Float.NEGATIVE_INFINITY, 50);
    Tensor y = Operand.result(1);
    int[] index = {-1};
    kind.kernels().reduce().max(least, 1, 50, 1, y, index);
    assertEquals(Float.NEGATIVE_INFINITY, y.item());
    assertEquals(0, index[0]);
  }

  @ParameterizedTest
  @EnumSource
  void runningSumsAgreeWithFloat64(Kind kind) {
    for (int[] v : VIEWS) {
      for (boolean reverse : new boolean[] {false, true}) {
        Tensor x = Operand.normal(1, v);
        double[] expected = new double[(int) x.size()];
        for (int i = 0; i < v[0] * v[2]; i++) {
          double sum = 0;
          for (int j = 0; j < v[1]; j++) {
            int at = (i / v[2] * v[1] + (reverse ? v[1] - 1 - j : j)) * v[2] + i % v[2];
            sum += x.get(at);
            expected[at] = sum;
          }
        }
        Tensor y = Operand.result(v);
        kind.kernels().reduce().cumulativeSum(x, v[0], v[1], v[2], reverse, y);
        Operand.assertNear("running sums of " + x.shape(), expected, y, 1e-7, 1e-7);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void sumOfSquaresIsTakenInFloat64(Kind kind) {
    for (int n : Operand.SIZES) {
      Tensor x = Operand.normal(1, n);
      double expected = Arrays.stream(Operand.doubles(x)).map(v -> v * v).sum();
      assertEquals(expected, kind.kernels().reduce().sumOfSquares(x), 1e-13 * expected);
    }
    assertEquals(1e60, kind.kernels().reduce().sumOfSquares(Tensor.full(1e30f, 1)), 1e54);
  }

  private static double[] softmax(Tensor x, boolean logarithm) {
    int c = x.shape().columns();
    double[] y = Operand.doubles(x);
    for (int row = 0; row < x.shape().rows() && c > 0; row++) {
      double max = Arrays.stream(y, row * c, row * c + c).max().orElseThrow();
      double sum = Arrays.stream(y, row * c, row * c + c).map(v -> Math.exp(v - max)).sum();
      for (int i = row * c; i < row * c + c; i++) {
        y[i] = logarithm ? y[i] - max - Math.log(sum) : Math.exp(y[i] - max) / sum;
      }
    }
    return y;
  }

  @ParameterizedTest
  @EnumSource
  void softmaxAgreesWithFloat64(Kind kind) {
    for (int[] shape : ROWS) {
      for (boolean logarithm : new boolean[] {false, true}) {
        Tensor x = Operand.uniform(1, -20, 20, shape);
        Tensor y = Operand.result(shape);
        kind.kernels().reduce().softmax(x, logarithm, y);
        Operand.assertNear("softmax " + x.shape(), softmax(x, logarithm), y, 4e-6, logarithm ? 2e-6 : 1e-37);
        kind.kernels().reduce().softmax(x, logarithm, x);
        assertArrayEquals(Operand.values(y), Operand.values(x));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void masksGiveExactZeroAndLargeLogitsDoNotOverflow(Kind kind) {
    float low = Float.NEGATIVE_INFINITY;
    float[] x = new float[40];
    Arrays.fill(x, low);
    x[3] = 1e30f;
    x[20] = 1e30f;
    Tensor y = Operand.result(40);
    kind.kernels().reduce().softmax(Tensor.of(x, 40), false, y);
    for (int i = 0; i < 40; i++) {
      assertEquals(i == 3 || i == 20 ? 0.5f : 0f, y.get(i));
    }
    kind.kernels().reduce().softmax(Tensor.of(x, 40), true, y);
    assertEquals(low, y.get(0));
    x[7] = Float.NaN;
    kind.kernels().reduce().softmax(Tensor.of(x, 40), false, y);
    for (int i = 0; i < 40; i++) {
      assertTrue(Float.isNaN(y.get(i)), "a NaN spoils its row visibly");
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradientsOfSoftmaxAgreeWithFloat64(Kind kind) {
    for (int[] shape : ROWS) {
      for (boolean logarithm : new boolean[] {false, true}) {
        Tensor x = Operand.normal(1, shape);
        Tensor dy = Operand.normal(2, shape);
        Tensor y = Operand.result(shape);
        kind.kernels().reduce().softmax(x, logarithm, y);
        double[] p = softmax(x, false);
        int c = shape[1];
        double[] expected = new double[p.length];
        for (int row = 0; row < shape[0]; row++) {
          double sum = 0;
          for (int i = row * c; i < row * c + c; i++) {
            sum += logarithm ? dy.get(i) : dy.get(i) * p[i];
          }
          for (int i = row * c; i < row * c + c; i++) {
            expected[i] = logarithm ? dy.get(i) - p[i] * sum : p[i] * (dy.get(i) - sum);
          }
        }
        Tensor dx = Operand.result(shape);
        kind.kernels().reduce().softmaxBackward(y, logarithm, dy, false, dx);
        Operand.assertNear("gradient " + x.shape(), expected, dx, 3e-6, 1e-6);
        Tensor more = Operand.filled(3, shape);
        kind.kernels().reduce().softmaxBackward(y, logarithm, dy, true, more);
        Operand.assertNear("gradient added", Arrays.stream(expected).map(e -> e + 3).toArray(), more, 1e-6, 1e-6);
        kind.kernels().reduce().softmaxBackward(y, logarithm, dy, false, dy);
        assertArrayEquals(Operand.values(dx), Operand.values(dy));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void logSumExpAgreesWithFloat64(Kind kind) {
    for (int[] shape : ROWS) {
      Tensor x = Operand.uniform(1, -20, 20, shape);
      double[] expected = new double[shape[0]];
      for (int row = 0; row < shape[0]; row++) {
        double sum = 0;
        for (int i = 0; i < shape[1]; i++) {
          sum += Math.exp(x.get((long) row * shape[1] + i));
        }
        expected[row] = Math.log(sum);
      }
      Tensor y = Operand.result(shape[0]);
      kind.kernels().reduce().logSumExp(x, y);
      Operand.assertNear("logSumExp " + x.shape(), expected, y, 3e-7, 2e-6);
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsDoNotChangeBits(Kind kind) {
    ReduceKernels reduce = kind.kernels().reduce();
    Tensor x = Operand.normal(1, 1003, 207);
    Operand.onAnyThreads(() -> {
      Tensor y = Operand.result(207);
      reduce.sum(x, 1, 1003, 207, 1, false, y);
      return y;
    });
    Operand.onAnyThreads(() -> {
      Tensor y = Operand.result(1);
      reduce.sum(x, 1, 1003 * 207, 1, 1, false, y);
      return y;
    });
    Operand.onAnyThreads(() -> squares(reduce, x));
    Operand.onAnyThreads(() -> {
      Tensor y = Operand.result(1003, 207);
      reduce.softmax(x, false, y);
      reduce.softmaxBackward(y, false, x, true, y);
      return y;
    });
  }

  /** All bits of the sum, in two floats. */
  private static Tensor squares(ReduceKernels reduce, Tensor x) {
    Tensor y = Operand.result(2);
    long bits = Double.doubleToRawLongBits(reduce.sumOfSquares(x));
    y.array()[y.offset()] = Float.intBitsToFloat((int) (bits >>> 32));
    y.array()[y.offset() + 1] = Float.intBitsToFloat((int) bits);
    return y;
  }

  @ParameterizedTest
  @EnumSource
  void operandsThatDoNotFitAreNamed(Kind kind) {
    ReduceKernels reduce = kind.kernels().reduce();
    Tensor x = Tensor.zeros(2, 6);
    assertMessage("sum: x is [2, 6] and cannot be seen as [3, 6, 1]", () -> reduce.sum(x, 3, 6, 1, 1, false, x));
    assertMessage("sum: y is [2, 6], which has 12 elements; it must have 2, outer · inner",
        () -> reduce.sum(x, 2, 6, 1, 1, false, x));
    assertMessage("max: the axis to reduce of [2, 0] is empty; there is no largest element",
        () -> reduce.max(Tensor.zeros(2, 0), 2, 0, 1, Tensor.zeros(2), null));
    assertMessage("max: 1 indices for the 2 elements of y", () -> reduce.max(x, 2, 6, 1, Tensor.zeros(2), new int[1]));
    assertMessage("softmax: x is [2, 6], y is [12]; the shapes must be equal", () -> reduce.softmax(x, false, Tensor.zeros(12)));
    assertMessage("logSumExp: y is [3], which has 3 elements; it must have 2, one per row",
        () -> reduce.logSumExp(x, Tensor.zeros(3)));
  }

  private static void assertMessage(String message, org.junit.jupiter.api.function.Executable action) {
    assertEquals(message, assertThrows(ShapeException.class, action).getMessage());
  }
}
