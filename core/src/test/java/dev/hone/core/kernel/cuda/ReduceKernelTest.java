package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.core.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReduceKernelTest extends KernelTest {
  private static final String FAMILY = "reduce";

  @ParameterizedTest
  @ValueSource(ints = {1, 31, 257, 700})
  void sumsOfRows(int length) {
    float[] x = normal(1, 5 * length);
    for (boolean accumulate : new boolean[] {false, true}) {
      float[] y = normal(2, 5);
      Tensor expected = tensor(y, 5);
      CPU.reduce().sum(tensor(x, 5, length), 5, length, 1, -0.7f, accumulate, expected);
      KernelRunner.Memory out = gpu.put(y);
      gpu.launch(FAMILY, "hone_sum_rows", new int[] {5, 1}, 256, 0, gpu.put(x), length, length, -0.7f, accumulate, out);
      near("whole rows", expected, out.floats(), F32);
      int part = 100;
      int parts = (length + part - 1) / part;
      KernelRunner.Memory sums = gpu.room(5 * parts);
      gpu.launch(FAMILY, "hone_sum_rows", new int[] {5, parts}, 256, 0, gpu.put(x), length, part, 1f, false, sums);
      KernelRunner.Memory again = gpu.put(y);
      gpu.launch(FAMILY, "hone_sum_rows", new int[] {5, 1}, 256, 0, sums, parts, parts, -0.7f, accumulate, again);
      near("in parts", expected, again.floats(), F32);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 9, 70})
  void sumsOfColumns(int length) {
    int outer = 3;
    int inner = 45;
    float[] x = normal(3, outer * length * inner);
    for (boolean accumulate : new boolean[] {false, true}) {
      float[] y = normal(4, outer * inner);
      Tensor expected = tensor(y, outer, inner);
      CPU.reduce().sum(tensor(x, outer, length, inner), outer, length, inner, 0.5f, accumulate, expected);
      KernelRunner.Memory out = gpu.put(y);
      gpu.launch(FAMILY, "hone_sum_columns", new int[] {2, 1, outer}, 256, 0, gpu.put(x), length, inner, length, 0.5f, accumulate,
          out);
      near("at once", expected, out.floats(), F32);
      int parts = (length + 15) / 16;
      KernelRunner.Memory sums = gpu.room(outer * parts * inner);
      gpu.launch(FAMILY, "hone_sum_columns", new int[] {2, parts, outer}, 256, 0, gpu.put(x), length, inner, 16, 1f, false, sums);
      KernelRunner.Memory again = gpu.put(y);
      gpu.launch(FAMILY, "hone_sum_columns", new int[] {2, 1, outer}, 256, 0, sums, parts, inner, parts, 0.5f, accumulate, again);
      near("in parts", expected, again.floats(), F32);
    }
  }

  @Test
  void maximaAreTheFirstOnesAndNanWins() {
    int length = 300;
    float[] x = normal(5, 6 * length);
    x[7] = x[200] = 9; // the first of equals, across threads
    x[length + 128] = x[length + 1] = 9; // of the same and of other threads
    x[2 * length + 299] = 9;
    x[3 * length + 150] = x[3 * length + 22] = Float.NaN;
    x[3 * length + 10] = 99;
    for (int i = 0; i < length; i++) {
      x[4 * length + i] = Float.NEGATIVE_INFINITY;
    }
    x[5 * length] = 9;
    check(x, 6, length, 1);
    check(normal(6, 3 * 40 * 7), 3, 40, 7);
    float[] y = normal(7, 600);
    y[5 * 4 + 2] = y[40 * 4 + 2] = 50;
    y[6 * 4 + 1] = Float.NaN;
    y[3 * 4 + 1] = 70;
    check(y, 1, 150, 4);
    check(new float[] {3}, 1, 1, 1);
  }

  private void check(float[] x, int outer, int length, int inner) {
    int n = outer * inner;
    Tensor expected = Tensor.empty(n);
    int[] places = new int[n];
    CPU.reduce().max(tensor(x, outer, length, inner), outer, length, inner, expected, places);
    KernelRunner.Memory out = gpu.room(n);
    KernelRunner.Memory indices = gpu.put(new int[n]);
    if (inner == 1) {
      gpu.launch(FAMILY, "hone_max_rows", new int[] {n}, 128, 0, gpu.put(x), length, out, indices);
      assertArrayEquals(floats(expected), out.floats());
      assertArrayEquals(places, indices.ints());
      gpu.launch(FAMILY, "hone_max_rows", new int[] {n}, 128, 0, gpu.put(x), length, out, null);
    }
    gpu.each(FAMILY, "hone_max_columns", n, gpu.put(x), length, inner, out, indices, (long) n);
    assertArrayEquals(floats(expected), out.floats());
    assertArrayEquals(places, indices.ints());
    gpu.each(FAMILY, "hone_max_columns", n, gpu.put(x), length, inner, out, null, (long) n);
    assertArrayEquals(floats(expected), out.floats());
  }

  @Test
  void runningSums() {
    float[] x = normal(8, 3 * 33 * 50);
    for (boolean reverse : new boolean[] {false, true}) {
      Tensor expected = Tensor.empty(3, 33, 50);
      CPU.reduce().cumulativeSum(tensor(x, 3, 33, 50), 3, 33, 50, reverse, expected);
      KernelRunner.Memory out = gpu.put(x);
      gpu.launch(FAMILY, "hone_cumulative_sum", new int[] {2}, 128, 0, out, 33, 50, reverse, out, 150L);
      near("running sums", expected, out.floats(), F32);
    }
  }

  @Test
  void sumsOfSquaresOfSeveralTensors() {
    float[] x = normal(9, 2111);
    float[] y = normal(10, 31);
    KernelRunner.Memory sums = gpu.put(new double[5]);
    gpu.launch(FAMILY, "hone_sum_of_squares", new int[] {3}, 256, 0, gpu.put(x), 2111L, 1000, sums);
    gpu.launch(FAMILY, "hone_sum_of_squares", new int[] {1}, 256, 0, gpu.put(y), 31L, 1000, sums.at(3));
    KernelRunner.Memory totals = gpu.put(new double[2]);
    gpu.launch(FAMILY, "hone_sum_doubles", new int[] {2}, 256, 0, sums, gpu.put(new int[] {0, 3, 4}), totals);
    assertEquals(CPU.reduce().sumOfSquares(tensor(x, 2111)), totals.doubles()[0], 1e-9);
    assertEquals(CPU.reduce().sumOfSquares(tensor(y, 31)), totals.doubles()[1], 1e-12);
    double[] many = new double[777];
    double sum = 0;
    for (int i = 0; i < many.length; i++) {
      sum += many[i] = i * 0.25;
    }
    gpu.launch(FAMILY, "hone_sum_doubles", new int[] {1}, 256, 0, gpu.put(many), gpu.put(new int[] {0, 777}), totals);
    assertEquals(sum, totals.doubles()[0]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 300, 1000})
  void softmaxAndItsGradient(int length) {
    int rows = 4;
    float[] x = normal(11, rows * length);
    x[0] = 30;
    x[length + length / 2] = 1000;
    x[rows * length - 1] = Float.NEGATIVE_INFINITY;
    if (length == 1) {
      x[rows - 1] = 5;
    }
    float[] dy = normal(12, rows * length);
    for (boolean logarithm : new boolean[] {false, true}) {
      Tensor y = Tensor.empty(rows, length);
      CPU.reduce().softmax(tensor(x, rows, length), logarithm, y);
      KernelRunner.Memory out = gpu.put(x);
      gpu.launch(FAMILY, "hone_softmax", new int[] {rows}, 256, 0, out, logarithm, out, length);
      near("softmax", y, out.floats(), 2e-6);
      float[] finite = floats(y);
      finite[rows * length - 1] = logarithm ? -20 : 0;
      for (boolean accumulate : new boolean[] {false, true}) {
        float[] dx = normal(13, rows * length);
        Tensor expected = tensor(dx, rows, length);
        CPU.reduce().softmaxBackward(tensor(finite, rows, length), logarithm, tensor(dy, rows, length), accumulate, expected);
        KernelRunner.Memory result = gpu.put(dx);
        gpu.launch(FAMILY, "hone_softmax_backward", new int[] {rows}, 256, 0, gpu.put(finite), logarithm, gpu.put(dy), accumulate,
            result, length);
        near("softmax backward", expected, result.floats(), F32);
      }
    }
    Tensor log = Tensor.empty(rows);
    CPU.reduce().logSumExp(tensor(x, rows, length), log);
    KernelRunner.Memory sums = gpu.room(rows);
    gpu.launch(FAMILY, "hone_log_sum_exp", new int[] {rows}, 256, 0, gpu.put(x), sums, length);
    near("logSumExp", log, sums.floats(), 1e-6);
  }

  @Test
  void theLogarithmOfNothingIsMinusInfinity() {
    KernelRunner.Memory sums = gpu.room(1);
    float less = Float.NEGATIVE_INFINITY;
    gpu.launch(FAMILY, "hone_log_sum_exp", new int[] {1}, 256, 0, gpu.put(new float[] {less, less}), sums, 2);
    assertArrayEquals(new float[] {less}, sums.floats());
  }
}
