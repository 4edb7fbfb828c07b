package dev.hone.core.kernel.cuda;

import dev.hone.core.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

class NormKernelTest extends KernelTest {
  private static final String FAMILY = "norm";
  private static final float EPS = 1e-5f;

  @ParameterizedTest
  @ValueSource(ints = {1, 20, 96, 403})
  void layerNorm(int c) {
    int rows = 5;
    float[] x = normal(1, rows * c);
    float[] residual = normal(2, rows * c);
    float[] weight = normal(3, c);
    float[] bias = normal(4, c);
    Tensor sum = Tensor.empty(rows, c);
    Tensor y = Tensor.empty(rows, c);
    Tensor mean = Tensor.empty(rows);
    Tensor rstd = Tensor.empty(rows);
    CPU.norm().layerNorm(tensor(x, rows, c), tensor(residual, rows, c), tensor(weight, c), tensor(bias, c), EPS, sum, y, mean,
        rstd);
    KernelRunner.Memory out = gpu.put(x);
    KernelRunner.Memory sums = gpu.room(rows * c);
    KernelRunner.Memory means = gpu.room(rows);
    KernelRunner.Memory rstds = gpu.room(rows);
    gpu.launch(FAMILY, "hone_norm", new int[] {rows}, 128, 4 * c, true, out, gpu.put(residual), gpu.put(weight), 0f,
        gpu.put(bias), EPS, sums, out, means, rstds, c);
    near("sum", sum, sums.floats(), 0);
    near("mean", mean, means.floats(), F32);
    near("rstd", rstd, rstds.floats(), F32);
    near("y", y, out.floats(), c == 1 ? 1e-3 : F32);

    Tensor plain = Tensor.empty(rows, c);
    CPU.norm().layerNorm(tensor(x, rows, c), null, null, null, EPS, null, plain, null, null);
    KernelRunner.Memory bare = gpu.room(rows * c);
    gpu.launch(FAMILY, "hone_norm", new int[] {rows}, 32, 4 * c, true, gpu.put(x), null, null, 0f, null, EPS, null, bare, null,
        null, c);
    near("without anything", plain, bare.floats(), c == 1 ? 1e-3 : F32);
    backward(true, rows, c, sum, weight, 0, mean, rstd);
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 300})
  void rmsNormWithAnOffset(int c) {
    int rows = 7;
    float[] x = normal(5, rows * c);
    float[] weight = normal(6, c);
    Tensor y = Tensor.empty(rows, c);
    Tensor rstd = Tensor.empty(rows);
    CPU.norm().rmsNorm(tensor(x, rows, c), null, tensor(weight, c), 1, EPS, null, y, rstd);
    KernelRunner.Memory out = gpu.room(rows * c);
    KernelRunner.Memory rstds = gpu.room(rows);
    gpu.launch(FAMILY, "hone_norm", new int[] {rows}, 256, 4 * c, false, gpu.put(x), null, gpu.put(weight), 1f, null, EPS, null,
        out, null, rstds, c);
    near("y", y, out.floats(), F32);
    near("rstd", rstd, rstds.floats(), F32);
    backward(false, rows, c, tensor(x, rows, c), weight, 1, null, rstd);
  }

  private void backward(boolean centred, int rows, int c, Tensor s, float[] weight, float offset, Tensor mean, Tensor rstd) {
    float[] dy = normal(7, rows * c);
    for (boolean accumulate : new boolean[] {false, true}) {
      float[] start = accumulate ? normal(8, rows * c) : dy;
      Tensor dx = tensor(start, rows, c);
      float[] dWeight = normal(9, c);
      float[] dBias = normal(10, c);
      Tensor weights = tensor(dWeight, c);
      Tensor biases = tensor(dBias, c);
      if (centred) {
        CPU.norm().layerNormBackward(tensor(dy, rows, c), s, tensor(weight, c), mean, rstd, accumulate, dx, weights, biases);
      } else {
        CPU.norm().rmsNormBackward(tensor(dy, rows, c), s, tensor(weight, c), offset, rstd, accumulate, dx, weights);
      }
      KernelRunner.Memory ds = gpu.put(floats(s));
      KernelRunner.Memory means = mean == null ? null : gpu.put(floats(mean));
      KernelRunner.Memory rstds = gpu.put(floats(rstd));
      KernelRunner.Memory result = gpu.put(start);
      KernelRunner.Memory given = accumulate ? gpu.put(dy) : result; // else in place
      int parts = (rows + 2) / 3;
      KernelRunner.Memory ofWeights = gpu.room(parts * c);
      KernelRunner.Memory ofBiases = gpu.room(parts * c);
      gpu.launch(FAMILY, "hone_norm_weight_gradients", new int[] {(c + 31) / 32, parts}, 256, 0, centred, given, ds, means, rstds,
          ofWeights, centred ? ofBiases : null, rows, c, 3);
      gpu.launch(FAMILY, "hone_norm_weight_gradients", new int[] {(c + 31) / 32, parts}, 256, 0, centred, given, ds, means, rstds,
          null, null, rows, c, 3);
      gpu.launch(FAMILY, "hone_norm_backward", new int[] {rows}, 64, 0, centred, given, ds, gpu.put(weight), offset, means, rstds,
          accumulate, result, c);
      near("dx", dx, result.floats(), c == 1 ? 1 : F32);
      KernelRunner.Memory target = gpu.put(dWeight);
      gpu.launch("reduce", "hone_sum_columns", new int[] {(c + 31) / 32, 1, 1}, 256, 0, ofWeights, parts, c, parts, 1f, true,
          target);
      near("dWeight", weights, target.floats(), F32);
      if (centred) {
        KernelRunner.Memory other = gpu.put(dBias);
        gpu.launch("reduce", "hone_sum_columns", new int[] {(c + 31) / 32, 1, 1}, 256, 0, ofBiases, parts, c, parts, 1f, true,
            other);
        near("dBias", biases, other.floats(), F32);
      }
    }
  }

  @Test
  void manyRowsOfWeightGradientsReachEveryLine() {
    int rows = 37;
    int c = 5;
    float[] dy = normal(11, rows * c);
    float[] s = normal(12, rows * c);
    float[] rstd = uniform(13, rows, 0.5f, 2);
    Tensor weights = Tensor.zeros(c);
    CPU.norm().rmsNormBackward(tensor(dy, rows, c), tensor(s, rows, c), tensor(normal(14, c), c), 0, tensor(rstd, rows), false,
        null, weights);
    KernelRunner.Memory result = gpu.room(c);
    gpu.launch(FAMILY, "hone_norm_weight_gradients", new int[] {1, 1}, 256, 0, false, gpu.put(dy), gpu.put(s), null,
        gpu.put(rstd), result, null, rows, c, rows);
    near("dWeight", weights, result.floats(), F32);
  }

  @Test
  void normsOfLowRankUpdates() {
    int outputs = 133;
    int rank = 5;
    double[] squares = new double[outputs];
    for (int i = 0; i < outputs; i++) {
      squares[i] = 8 + i * 0.1;
    }
    squares[4] = -1e9; // never below what may be divided by
    float[] b = normal(15, outputs * rank);
    float[] t = normal(16, rank * outputs);
    float[] g = normal(17, rank * rank);
    float[] numerator = normal(18, outputs);
    for (boolean divided : new boolean[] {false, true}) {
      Tensor y = Tensor.empty(outputs);
      CPU.norm().lowRankNorms(squares, tensor(b, outputs, rank), tensor(t, rank, outputs), tensor(g, rank, rank), 0.25,
          divided ? tensor(numerator, outputs) : null, y);
      KernelRunner.Memory out = gpu.room(outputs);
      gpu.launch(FAMILY, "hone_low_rank_norms", new int[] {2}, 128, 0, gpu.put(squares), gpu.put(b), gpu.put(t), gpu.put(g), 0.25,
          divided ? gpu.put(numerator) : null, out, outputs, rank);
      float[] expected = floats(y);
      float[] actual = out.floats();
      near("the smallest", new float[] {expected[4]}, new float[] {actual[4]}, F32);
      expected[4] = actual[4] = 0;
      near("norms", expected, actual, F32);
    }
  }
}
