package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.Activation;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.parallel.Workers;
import dev.hone.core.quant.GgmlBlocks;
import dev.hone.core.quant.GgmlFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with interleaved weights have the bits of products with the weights as they are stored. */
class LaidOutTest {
  private static final DType[] STORED = {DType.F32, DType.BF16, DType.F16, DType.NF4, DType.Q8_0, DType.INT8_ROWS};
  private static final int[] ROWS = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 70, 101};
  /** K and N: whole groups, groups that are filled up, several pieces of the sum. */
  private static final int[][] SIZES = {{64, 64}, {128, 96}, {320, 53}, {1024, 67}, {1600, 25}};

  static Stream<Arguments> kinds() {
    return MatMulTest.kinds();
  }

  private static Tensor weight(int k, int n, DType type, boolean transB) {
    Random random = new Random(31L * k + n);
    return MatMulCase.outside(transB ? MatMulCase.random(random, n, k) : MatMulCase.random(random, k, n), type);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void productsHaveTheBitsOfStoredWeights(String kind, MatMulKernels kernels) {
    int before = Workers.threads();
    try {
      for (int[] size : SIZES) {
        for (DType type : STORED) {
          for (boolean transB : new boolean[] {true, false}) {
            Tensor stored = weight(size[0], size[1], type, transB);
            Tensor interleaved = weight(size[0], size[1], type, transB);
            kernels.layOut(interleaved, transB);
            for (int m : ROWS) {
              for (boolean accumulate : new boolean[] {false, true}) {
                String what = kind + " " + m + "x" + size[0] + "x" + size[1] + " " + type + (transB ? " transposed" : "")
                    + ", accumulate " + accumulate;
                Workers.setThreads(1);
                float[] expected = product(kernels, m, size[0], size[1], stored, transB, accumulate, false);
                assertArrayEquals(expected, product(kernels, m, size[0], size[1], interleaved, transB, accumulate, false), what);
                Workers.setThreads(2);
                assertArrayEquals(expected, product(kernels, m, size[0], size[1], interleaved, transB, accumulate, false),
                    what + ", 2 threads");
              }
            }
          }
        }
      }
    } finally {
      Workers.setThreads(before);
    }
  }

  /** Generation no longer depends on how many streams there are. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void streamsHaveTheBitsOfProducts(String kind, MatMulKernels kernels) {
    for (DType type : STORED) {
      Tensor interleaved = weight(320, 67, type, true);
      kernels.layOut(interleaved, true);
      assertTrue(interleaved.layout().get() != null || type.isQuantized() || type == DType.F16, () -> kind + " " + type);
      if (interleaved.layout().get() == null) { // F16, and codes on vectors of four lanes
        continue;
      }
      for (int m : ROWS) {
        assertArrayEquals(product(kernels, m, 320, 67, interleaved, true, false, false),
            product(kernels, m, 320, 67, interleaved, true, false, true), kind + " " + m + " rows, " + type);
      }
    }
  }

  /** Blocks of a file of llama.cpp, which have their scales among the codes. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void blocksOfFilesHaveTheirBits(String kind, MatMulKernels kernels) {
    for (int[] size : new int[][] {{64, 64}, {320, 53}, {1600, 25}}) {
      float[] values = MatMulCase.random(new Random(3), size[1], size[0]).toFloatArray();
      Tensor stored = GgmlBlocks.quantize(GgmlFormat.Q8_0, values).tensor(Shape.of(size[1], size[0]));
      Tensor interleaved = GgmlBlocks.quantize(GgmlFormat.Q8_0, values).tensor(Shape.of(size[1], size[0]));
      boolean useful = kernels.layoutBytes(interleaved, true) > 0;
      kernels.layOut(interleaved, true);
      assertEquals(useful, interleaved.layout().get() != null);
      for (int m : ROWS) {
        float[] expected = product(kernels, m, size[0], size[1], stored, true, false, false);
        String what = kind + " " + m + "x" + size[0] + "x" + size[1];
        assertArrayEquals(expected, product(kernels, m, size[0], size[1], interleaved, true, false, false), what);
        if (useful) {
          assertArrayEquals(expected, product(kernels, m, size[0], size[1], interleaved, true, false, true), what + " streamed");
        }
      }
    }
  }

  /** A form that comes later changes no bit, and is there after so many reads. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void laterHasTheBitsOfNow(String kind, MatMulKernels kernels) {
    for (DType type : STORED) {
      for (boolean transB : new boolean[] {true, false}) {
        Tensor now = weight(320, 67, type, transB);
        kernels.layOut(now, transB);
        for (int m : new int[] {1, 2, 8, 17}) {
          Tensor later = weight(320, 67, type, transB);
          kernels.layOutLater(later, transB, 3);
          float[] expected = product(kernels, m, 320, 67, now, transB, false, true);
          for (int read = 1; read <= 4; read++) {
            String what = kind + " " + type + (transB ? " transposed, " : ", ") + m + " rows, read " + read;
            assertArrayEquals(expected, product(kernels, m, 320, 67, later, transB, false, true), what);
            assertEquals(read >= 3 && now.layout().get() != null, later.layout().get() != null, what);
          }
        }
      }
    }
  }

  private static float[] product(MatMulKernels kernels, int m, int k, int n, Tensor weight, boolean transB, boolean accumulate,
      boolean stream) {
    Random random = new Random(5);
    Tensor x = MatMulCase.random(random, m, k);
    Tensor c = accumulate ? MatMulCase.random(random, m, n) : Tensor.full(Float.NaN, m, n);
    Epilogue epilogue = new Epilogue(0.3f, MatMulCase.random(random, n), accumulate ? Activation.NONE : Activation.GELU, null);
    if (stream) {
      kernels.stream(x, weight, transB, c, epilogue);
    } else {
      kernels.matmul(x, false, weight, transB, accumulate, c, epilogue);
    }
    return c.toFloatArray();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void specialNumbersStayWhatTheyAre(String kind, MatMulKernels kernels) {
    for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      float[] values = new float[64 * 64];
      Random random = new Random(9);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      values[0] = Float.POSITIVE_INFINITY;
      values[64 + 1] = Float.NaN;
      values[2 * 64 + 3] = Float.NEGATIVE_INFINITY;
      values[3 * 64 + 2] = -0f;
      values[4 * 64 + 2] = 0x1p-20f; // subnormal in F16
      Tensor stored = MatMulCase.outside(Tensor.of(values, 64, 64), type);
      Tensor interleaved = MatMulCase.outside(Tensor.of(values, 64, 64), type);
      kernels.layOut(interleaved, true);
      for (int m : new int[] {1, 3}) {
        assertArrayEquals(product(kernels, m, 64, 64, stored, true, false, false),
            product(kernels, m, 64, 64, interleaved, true, false, false), kind + " " + type + " " + m);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void whatHasNoQuickerFormStaysAsItIs(String kind, MatMulKernels kernels) {
    Tensor trained = Tensor.zeros(64, 64);
    Tensor narrow = weight(64, 8, DType.BF16, true);
    Tensor shallow = weight(32, 64, DType.BF16, true);
    Tensor ragged = weight(72, 64, DType.Q8_0, true); // blocks of 32 reach over rows
    for (Tensor weight : new Tensor[] {trained, narrow, shallow, ragged}) {
      assertEquals(0, kernels.layoutBytes(weight, true), kind + " " + weight);
      kernels.layOut(weight, true);
      assertTrue(weight.layout() == null || weight.layout().get() == null, kind + " " + weight);
    }
    assertTrue(weight(64, 64, DType.BF16, true).slice(0, 32).layout() == null, "a part has no layout of its own");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void bytesAreSaidBefore(String kind, MatMulKernels kernels) {
    for (DType type : STORED) {
      Tensor weight = weight(128, 96, type, true);
      long bytes = kernels.layoutBytes(weight, true);
      kernels.layOut(weight, true);
      assertEquals(bytes, weight.layout().get() == null ? 0 : weight.layout().get().bytes(), kind + " " + type);
    }
  }

  @Test
  void tilesFitTheRows() {
    assertEquals(0, LaidOutProduct.highTiles(8, 6, 5)); // 4 + 4, not 6 + 4
    assertEquals(1, LaidOutProduct.highTiles(6, 6, 5));
    assertEquals(0, LaidOutProduct.highTiles(9, 6, 5)); // 5 + 4
    assertEquals(1, LaidOutProduct.highTiles(11, 6, 5)); // 6 + 5
    assertEquals(2, LaidOutProduct.highTiles(12, 6, 5)); // 6 + 6, not 4 + 4 + 4
    assertEquals(0, LaidOutProduct.highTiles(13, 6, 5)); // 5 + 4 + 4
    assertEquals(0, LaidOutProduct.highTiles(15, 6, 5)); // 5 + 5 + 5
    assertEquals(1, LaidOutProduct.highTiles(16, 6, 5)); // 6 + 5 + 5
    assertEquals(1, LaidOutProduct.highTiles(16, 12, 5)); // 12 + 4
    assertEquals(0, LaidOutProduct.highTiles(8, 6, 4)); // 4 + 4
    assertEquals(1, LaidOutProduct.highTiles(10, 6, 4)); // 6 + 4
    assertEquals(2, LaidOutProduct.highTiles(15, 6, 4)); // 6 + 6 + 4
    assertEquals(80, LaidOutProduct.highTiles(480, 6, 4));
  }
}
