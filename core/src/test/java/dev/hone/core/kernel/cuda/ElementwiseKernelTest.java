package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.hone.core.Activation;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ElementwiseKernelTest extends KernelTest {
  private static final String FAMILY = "elementwise";
  private static final int N = 517; // two blocks and a part

  @ParameterizedTest
  @EnumSource
  void unaryFunctionsAndTheirSlopes(Unary function) {
    boolean positive = function == Unary.LOG || function == Unary.SQRT || function == Unary.RSQRT || function == Unary.POW;
    float[] x = positive ? uniform(1, N, 0.1f, 4) : normal(1, N);
    float p = function == Unary.CLAMP ? -0.5f : 1.7f;
    float q = 0.8f;
    if (!positive) {
      x[3] = p;
      x[4] = q;
      x[5] = 0;
    }
    Tensor y = Tensor.empty(N);
    CPU.elementwise().unary(function, p, q, tensor(x, N), y);
    KernelRunner.Memory in = gpu.put(x);
    KernelRunner.Memory out = gpu.room(N);
    gpu.each(FAMILY, "hone_unary", N, function, p, q, in, out, (long) N);
    near(function + "", y, out.floats(), F32);

    float[] dy = normal(2, N);
    for (boolean accumulate : new boolean[] {false, true}) {
      float[] dx = normal(3, N);
      Tensor expected = tensor(dx, N);
      CPU.elementwise().unaryBackward(function, p, q, tensor(x, N), tensor(dy, N), accumulate, expected);
      KernelRunner.Memory result = gpu.put(dx);
      gpu.each(FAMILY, "hone_unary_backward", N, function, p, q, in, gpu.put(dy), accumulate, result, (long) N);
      near(function + " backward", expected, result.floats(), F32);
    }
  }

  @Test
  void aPowerOfZeroHasNoSlope() {
    KernelRunner.Memory dx = gpu.room(2);
    gpu.each(FAMILY, "hone_unary_backward", 2, Unary.POW, 0f, 0f, gpu.put(new float[] {0, 2}), gpu.put(new float[] {1, 1}), false,
        dx, 2L);
    assertArrayEquals(new float[] {0, 0}, dx.floats());
  }

  @ParameterizedTest
  @EnumSource
  void activationsAndTheirSlopes(Activation activation) {
    float[] x = normal(4, N);
    for (int i = 0; i < 40; i++) {
      x[i] = (i - 20) * 1.1f; // far out too
    }
    x[20] = 0;
    Tensor y = Tensor.empty(N);
    CPU.elementwise().activation(activation, tensor(x, N), y);
    KernelRunner.Memory in = gpu.put(x);
    KernelRunner.Memory out = gpu.room(N);
    gpu.each(FAMILY, "hone_activation", N, activation, in, out, (long) N);
    near(activation + "", y, out.floats(), 1e-6);

    float[] dy = normal(5, N);
    for (boolean accumulate : new boolean[] {false, true}) {
      float[] dx = normal(6, N);
      Tensor expected = tensor(dx, N);
      CPU.elementwise().activationBackward(activation, tensor(x, N), tensor(dy, N), accumulate, expected);
      KernelRunner.Memory result = gpu.put(dx);
      gpu.each(FAMILY, "hone_activation_backward", N, activation, in, gpu.put(dy), accumulate, result, (long) N);
      near(activation + " backward", expected, result.floats(), F32);
    }
    float[] odd = {Float.NaN, Float.POSITIVE_INFINITY, -100, 100};
    Tensor kept = Tensor.empty(4);
    CPU.elementwise().activation(activation, tensor(odd, 4), kept);
    KernelRunner.Memory ends = gpu.room(4);
    gpu.each(FAMILY, "hone_activation", 4, activation, gpu.put(odd), ends, 4L);
    near(activation + " far out", kept, ends.floats(), F32);
  }

  @ParameterizedTest
  @EnumSource
  void twoOperands(Binary function) {
    float[] a = normal(7, N);
    float[] b = uniform(8, N, 0.5f, 2);
    Tensor y = Tensor.empty(N);
    CPU.elementwise().binary(function, tensor(a, N), tensor(b, N), y);
    KernelRunner.Memory out = gpu.put(a);
    gpu.each(FAMILY, "hone_binary", N, function, out, gpu.put(b), out, (long) N); // in place
    near(function + "", y, out.floats(), 0);

    Tensor left = tensor(Arrays.copyOf(a, 5 * 7), 5, 1, 7);
    Tensor right = tensor(Arrays.copyOf(b, 11 * 7), 11, 7);
    Tensor wide = Tensor.empty(5, 11, 7);
    CPU.elementwise().binary(function, left, right, wide);
    KernelRunner.Memory result = gpu.room(5 * 11 * 7);
    gpu.each(FAMILY, "hone_binary_broadcast", 385, function, gpu.put(Arrays.copyOf(a, 35)), gpu.put(Arrays.copyOf(b, 77)), result,
        385L, 3, gpu.put(new int[] {5, 11, 7, 7, 0, 1, 0, 7, 1}));
    near(function + " broadcast", wide, result.floats(), 0);
  }

  @Test
  void scaledSums() {
    float[] x = normal(9, N);
    float[] y = normal(10, N);
    Tensor expected = tensor(y, N);
    CPU.elementwise().addScaled(0.3f, tensor(x, N), expected);
    KernelRunner.Memory out = gpu.put(y);
    gpu.each(FAMILY, "hone_add_scaled", N, 0.3f, gpu.put(x), out, (long) N);
    near("addScaled", expected, out.floats(), F32);
    for (boolean accumulate : new boolean[] {false, true}) {
      Tensor scaled = tensor(y, N);
      CPU.elementwise().scale(Tensor.of(new float[] {-1.5f}, 1), tensor(x, N), accumulate, scaled);
      KernelRunner.Memory result = gpu.put(y);
      gpu.each(FAMILY, "hone_scale", N, gpu.put(new float[] {-1.5f}), gpu.put(x), accumulate, result, (long) N);
      near("scale", scaled, result.floats(), F32);
    }
  }

  @Test
  void uniformNumbersHaveTheBitsOfTheCpu() {
    int n = 4 * 256 * 2 + 3;
    Philox random = new Philox(-5, 1L << 40 | 77);
    Tensor expected = Tensor.empty(n);
    CPU.elementwise().uniform(random, -0.7f, 1.9f, expected);
    KernelRunner.Memory out = gpu.room(n);
    gpu.launch(FAMILY, "hone_uniform", new int[] {3}, 256, 0, random.seed(), random.stream(), -0.7f, 1.9f, out, (long) n);
    assertArrayEquals(floats(expected), out.floats());
  }

  @Test
  void dropoutDrawsTheMaskOfTheCpu() {
    int n = 4 * 256 + 7;
    float[] x = normal(11, n);
    Philox random = new Philox(123456789012345L, -3);
    for (boolean accumulate : new boolean[] {false, true}) {
      float[] y = normal(12, n);
      Tensor expected = tensor(y, n);
      CPU.elementwise().dropout(0.3f, random, tensor(x, n), accumulate, expected);
      KernelRunner.Memory out = gpu.put(y);
      gpu.launch(FAMILY, "hone_dropout", new int[] {2}, 256, 0, 0.3f, random.seed(), random.stream(), gpu.put(x), accumulate, out,
          (long) n);
      near("dropout", expected, out.floats(), F32);
    }
    KernelRunner.Memory all = gpu.put(x);
    gpu.launch(FAMILY, "hone_dropout", new int[] {2}, 256, 0, 0f, 1L, 1L, all, false, all, (long) n);
    assertArrayEquals(x, all.floats());
    float first = new Philox(4, 9).uniform(0);
    KernelRunner.Memory bound = gpu.room(1);
    gpu.launch(FAMILY, "hone_dropout", new int[] {1}, 256, 0, first, 4L, 9L, gpu.put(new float[] {1}), false, bound, 1L);
    near("a number at the bound stays", new float[] {1 / (1 - first)}, bound.floats(), F32);
  }

  @Test
  void choices() {
    float[] a = normal(13, N);
    float[] b = normal(14, N);
    boolean[] mask = new boolean[N];
    byte[] bytes = new byte[N];
    for (int i = 0; i < N; i++) {
      mask[i] = i % 3 == 1;
      bytes[i] = (byte) (mask[i] ? 1 : 0);
    }
    Tensor expected = Tensor.empty(N);
    CPU.elementwise().where(mask, tensor(a, N), tensor(b, N), expected);
    KernelRunner.Memory out = gpu.room(N);
    gpu.each(FAMILY, "hone_where", N, gpu.put(bytes), gpu.put(a), gpu.put(b), out, (long) N);
    assertArrayEquals(floats(expected), out.floats());
  }

  @ParameterizedTest
  @EnumSource(names = {"SILU", "GELU_TANH"})
  void gatedProductsReadAndWriteColumnsInPlace(Activation activation) {
    int rows = 13;
    int width = 23;
    float[] both = normal(15, rows * 50);
    float[] dy = normal(16, rows * 30);
    Tensor source = tensor(both, rows, 50);
    Tensor y = Tensor.zeros(rows, 30);
    CPU.elementwise().gated(activation, new Columns(source, 2, width), new Columns(source, 26, width), new Columns(y, 5, width));
    KernelRunner.Memory in = gpu.put(both);
    KernelRunner.Memory out = gpu.put(new float[rows * 30]);
    gpu.each(FAMILY, "hone_gated", rows * width, activation, in.at(2), 50, in.at(26), 50, out.at(5), 30, width,
        (long) rows * width);
    near("gated", y, out.floats(), F32);
    Tensor gradient = Tensor.zeros(rows, 60);
    CPU.elementwise().gatedBackward(activation, new Columns(source, 2, width), new Columns(source, 26, width),
        new Columns(tensor(dy, rows, 30), 5, width), new Columns(gradient, 1, width), new Columns(gradient, 31, width));
    KernelRunner.Memory result = gpu.put(new float[rows * 60]);
    gpu.each(FAMILY, "hone_gated_backward", rows * width, activation, in.at(2), 50, in.at(26), 50, gpu.put(dy).at(5), 30,
        result.at(1), 60, result.at(31), 60, width, (long) rows * width);
    near("gated backward", gradient, result.floats(), F32);
  }

  @Test
  void filling() {
    KernelRunner.Memory out = gpu.put(new float[N]);
    gpu.each("memory", "hone_fill", N, out.at(1), N - 2L, 3.5f);
    float[] expected = new float[N];
    Arrays.fill(expected, 1, N - 1, 3.5f);
    assertArrayEquals(expected, out.floats());
  }
}
