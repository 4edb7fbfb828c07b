package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.LossKernels.Pointwise;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Losses. */
class LossKernelTest extends KernelTest {
  private static final int[] LABELS = {2, -1, 0, 299, 7, 150};

  @ParameterizedTest
  @CsvSource({"0, 0, false", "0.1, 0, false", "0, 0.01, true", "0.2, 0.005, true"})
  void crossEntropy(float smoothing, float zLoss, boolean weighted) {
    int rows = LABELS.length;
    int v = 300;
    float[] logits = normal(1, rows * v);
    logits[5 * v + 150] = 40;
    float[] weights = uniform(2, v, 0.5f, 2);
    for (boolean gradient : new boolean[] {false, true}) {
      Tensor z = tensor(logits, rows, v);
      Tensor losses = Tensor.empty(rows);
      CPU.loss().crossEntropy(z, LABELS, weighted ? tensor(weights, v) : null, smoothing, zLoss, gradient, 0.7f, losses);
      KernelRunner.Memory out = gpu.put(logits);
      KernelRunner.Memory result = gpu.room(rows);
      gpu.launch("loss", "hone_cross_entropy", new int[] {rows}, 256, 0, out, gpu.put(LABELS), weighted ? gpu.put(weights) : null,
          smoothing, zLoss, gradient, 0.7f, result, v);
      near("losses", losses, result.floats(), F32);
      near("logits", z, out.floats(), F32);
    }
  }

  @Test
  void hits() {
    int v = 270;
    float[] logits = normal(3, 5 * v);
    logits[3] = 9;
    logits[v + 269] = 9;
    logits[v + 1] = 9; // a tie counts
    logits[2 * v + 5] = 9;
    int[] labels = {3, 269, 6, -1, 0};
    Tensor expected = Tensor.empty(5);
    CPU.loss().hits(tensor(logits, 5, v), labels, expected);
    KernelRunner.Memory out = gpu.room(5);
    gpu.launch("loss", "hone_hits", new int[] {5}, 256, 0, gpu.put(logits), gpu.put(labels), out, v);
    assertArrayEquals(floats(expected), out.floats());
    assertArrayEquals(new float[] {1, 1, 0, 0, 0}, out.floats());
  }

  @ParameterizedTest
  @EnumSource
  void pointwise(Pointwise function) {
    int rows = 100;
    int k = 3;
    int n = rows * k;
    float[] x = function == Pointwise.FOCAL ? uniform(4, n, -4, -0.01f) : normal(4, n);
    x[1] = function == Pointwise.FOCAL ? 0 : 1.5f;
    boolean targets = function != Pointwise.FOCAL && function != Pointwise.HINGE;
    boolean weighted = function == Pointwise.BINARY_CROSS_ENTROPY || function == Pointwise.FOCAL;
    float[] y = new float[n];
    for (int i = 0; i < n; i++) {
      y[i] = i % 4 == 0 ? 1 : i % 4 == 1 ? 0.25f : 0;
    }
    float[] weight = {0.5f, 1, 3};
    Tensor gradient = Tensor.empty(rows, k);
    Tensor loss = Tensor.empty(1);
    CPU.loss().pointwise(function, tensor(x, rows, k), targets ? tensor(y, rows, k) : null, weighted ? tensor(weight, k) : null,
        1.5f, 0.3f, 0.2f, gradient, loss);
    KernelRunner.Memory slopes = gpu.room(n);
    KernelRunner.Memory sum = gpu.room(1);
    gpu.launch("loss", "hone_pointwise", new int[] {1}, 256, 0, function, gpu.put(x), targets ? gpu.put(y) : null,
        weighted ? gpu.put(weight) : null, 1.5f, 0.3f, 0.2f, slopes, sum, n, weighted ? k : 1);
    near("loss", loss, sum.floats(), F32);
    near("gradient", gradient, slopes.floats(), F32);
  }
}
