package dev.hone.core.kernel.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Activation;
import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.quant.Quantized;
import dev.hone.core.random.Philox;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products on a GPU (the emulated driver) are those of the CPU. */
class CudaProductTest {
  private static final MatMulKernels CPU = Kernels.of(Device.CPU).matmul();
  private Device cuda;
  private MatMulKernels products;

  @BeforeEach
  void open() {
    cuda = EmulatedGpu.device();
    products = products(cuda);
  }

  /** What is tested. */
  MatMulKernels products(Device device) {
    return Kernels.of(device).matmul();
  }

  @AfterEach
  void nothingIsWrong() {
    assertEquals("", EmulatedGpu.reports());
  }

  private static Tensor random(int seed, int... dims) {
    Tensor x = Tensor.empty(dims);
    new Philox(seed, 0).fillNormal(x.array(), x.offset(), x.offset() + x.shape().length(), 0, 1);
    return x;
  }

  /** Within a share of the largest number expected. */
  private static void assertNear(String what, Tensor expected, Tensor actual, double bound) {
    float[] e = expected.toFloatArray();
    float[] a = actual.toFloatArray();
    double largest = 0;
    for (float value : e) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < e.length; i++) {
      assertTrue(Math.abs(e[i] - a[i]) <= bound * largest, what + "[" + i + "]: expected " + e[i] + ", got " + a[i]);
    }
  }

  private static Tensor stored(Tensor x, DType type) {
    if (type.isQuantized()) {
      return Quantized.of(x, type).tensor(x.shape());
    }
    float[] values = x.toFloatArray();
    short[] halves = new short[values.length];
    for (int i = 0; i < halves.length; i++) {
      halves[i] = type == DType.F16 ? Float.floatToFloat16(values[i]) : (short) (Float.floatToRawIntBits(values[i]) >>> 16);
    }
    return Tensor.of(MemorySegment.ofArray(halves), type, x.shape());
  }

  @Test
  void everyLayoutWithEveryEpilogue() {
    int m = 13;
    int k = 37;
    int n = 70;
    for (int layout = 0; layout < 8; layout++) {
      boolean transA = (layout & 1) != 0;
      boolean transB = (layout & 2) != 0;
      boolean accumulate = (layout & 4) != 0;
      Tensor a = transA ? random(1, k, m) : random(1, m, k);
      Tensor b = transB ? random(2, n, k) : random(2, k, n);
      Tensor start = random(3, m, n);
      Tensor pre = accumulate ? null : Tensor.empty(m, n);
      Epilogue here = new Epilogue(0.5f, random(4, n), accumulate ? Activation.NONE : Activation.GELU, pre);
      Epilogue there = new Epilogue(0.5f, here.bias().to(cuda), here.activation(),
          accumulate ? null : Tensor.empty(cuda, Shape.of(m, n)));
      Tensor expected = start.copy();
      CPU.matmul(a, transA, b, transB, accumulate, expected, here);
      Tensor actual = start.to(cuda);
      products.matmul(a.to(cuda), transA, b.to(cuda), transB, accumulate, actual, there);
      assertNear("layout " + layout, expected, actual, 1e-5);
      if (!accumulate) {
        assertNear("before the activation", pre, there.preActivation(), 1e-5);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16", "NF4", "Q8_0", "INT8_ROWS"})
  void storedWeightsAreReadAsTheyAre(DType type) {
    Tensor weight = stored(random(5, 36, 128), type);
    Tensor there = weight.to(cuda);
    for (int rows : new int[] {1, 8, 9}) {
      Tensor x = random(6, rows, 128);
      Tensor expected = Tensor.empty(rows, 36);
      CPU.matmul(x, false, weight, true, false, expected);
      Tensor tiles = Tensor.empty(cuda, expected.shape());
      products.matmul(x.to(cuda), false, there, true, false, tiles);
      assertNear(type + ", " + rows + " rows", expected, tiles, 1e-5);
      Tensor streamed = Tensor.empty(cuda, expected.shape());
      products.stream(x.to(cuda), there, true, streamed, Epilogue.NONE);
      assertNear(type + ", " + rows + " rows streamed", expected, streamed, 1e-5);
    }
    Tensor part = Tensor.empty(3, 20);
    CPU.matmul(random(7, 3, 128), false, weight.slice(5, 25), true, false, part);
    Tensor partThere = Tensor.empty(cuda, part.shape());
    products.matmul(random(7, 3, 128).to(cuda), false, there.slice(5, 25), true, false, partThere);
    assertNear("rows of it", part, partThere, 1e-5);
  }

  @Test
  void aFewRowsByAWeightThatLiesTheOtherWay() {
    Tensor x = random(8, 2, 50);
    Tensor weight = random(9, 50, 45);
    Tensor expected = Tensor.empty(2, 45);
    Tensor actual = Tensor.empty(cuda, expected.shape());
    CPU.stream(x, weight, false, expected, Epilogue.scale(3));
    products.stream(x.to(cuda), weight.to(cuda), false, actual, Epilogue.scale(3));
    assertNear("streamed", expected, actual, 1e-5);
  }

  @Test
  void independentProducts() {
    Tensor a = random(10, 3, 5, 17);
    Tensor b = random(11, 3, 9, 17);
    Tensor expected = random(12, 3, 5, 9);
    Tensor actual = expected.to(cuda);
    CPU.batched(a, false, b, true, true, expected);
    products.batched(a.to(cuda), false, b.to(cuda), true, true, actual);
    assertNear("batched", expected, actual, 1e-5);
  }

  @Test
  void emptySumsAreTheBias() {
    Tensor bias = random(13, 4);
    Tensor actual = Tensor.empty(cuda, Shape.of(3, 4));
    products.matmul(Tensor.empty(cuda, Shape.of(3, 0)), false, Tensor.empty(cuda, Shape.of(4, 0)), true, false, actual,
        Epilogue.bias(bias.to(cuda)));
    for (int row = 0; row < 3; row++) {
      assertEquals(bias.get(2), actual.get(row * 4 + 2));
    }
    products.matmul(Tensor.empty(cuda, Shape.of(0, 4)), false, bias.reshape(1, 4).to(cuda), true, false,
        Tensor.empty(cuda, Shape.of(0, 1)));
  }

  @Test
  void operandsThatDoNotFitAreNamed() {
    assertThrows(ShapeException.class, () -> products.matmul(random(1, 2, 3).to(cuda), false, random(1, 2, 4).to(cuda), true,
        false,
        Tensor.empty(cuda, Shape.of(2, 2))));
    String message = assertThrows(IllegalStateException.class, () -> products.matmul(random(1, 2, 3).to(cuda), false,
        random(1, 2, 3).to(cuda), true, false, Tensor.empty(2, 2))).getMessage();
    assertTrue(message.contains("is on the device cpu"), message);
  }
}
