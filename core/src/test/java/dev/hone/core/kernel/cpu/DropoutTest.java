package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Dropout: which elements fall is decided by their numbers alone. */
class DropoutTest {
  private static final Philox RANDOM = new Philox(0x123456789ABCDEFL, -77);

  @ParameterizedTest
  @EnumSource
  void anElementIsKeptWhereItsUniformNumberIsAtLeastP(Kind kind) {
    for (float p : new float[] {0, 0.1f, 0.5f, 0.75f, 0.9f, 0x1p-24f, 0.99999994f}) {
      for (int n : Operand.SIZES) {
        Tensor x = Operand.normal(1, n);
        Tensor y = Operand.result(n);
        kind.kernels().elementwise().dropout(p, RANDOM, x, false, y);
        float scale = 1 / (1 - p);
        float[] expected = new float[n];
        for (int i = 0; i < n; i++) {
          expected[i] = RANDOM.uniform(i) >= p ? scale * x.get(i) : 0;
        }
        assertArrayEquals(expected, Operand.values(y), "p = " + p + ", " + n + " elements");
      }
    }
  }

  /** Also where a sequence is longer than what a thread takes, and for the loop over slices that other devices have. */
  @ParameterizedTest
  @EnumSource
  void aSequenceDrawsTheSameWhereverItStands(Kind kind) {
    int[] offsets = {0, 5, 5, 6, 3000, 3011};
    int width = 7;
    Tensor x = Operand.normal(1, 3011, width);
    float[] expected = new float[3011 * width];
    float[] numbers = x.toFloatArray();
    for (int s = 0; s < 5; s++) {
      Philox own = RANDOM.substream(40 + s);
      for (int i = offsets[s] * width; i < offsets[s + 1] * width; i++) {
        expected[i] = own.uniform(i - offsets[s] * width) >= 0.3f ? 1 / (1 - 0.3f) * numbers[i] : 0;
      }
    }
    Operand.onAnyThreads(() -> {
      Tensor y = Operand.result(3011, width);
      kind.kernels().elementwise().dropout(0.3f, RANDOM, offsets, 40, x, false, y);
      assertArrayEquals(expected, Operand.values(y));
      return y;
    });
    int[] alone = {0, 2994};
    Tensor one = Operand.result(2994, width);
    kind.kernels().elementwise().dropout(0.3f, RANDOM, alone, 43, x.slice(6, 3000), false, one);
    assertArrayEquals(Arrays.copyOfRange(expected, 6 * width, 3000 * width), Operand.values(one));
    assertThrows(IllegalArgumentException.class,
        () -> kind.kernels().elementwise().dropout(0.3f, RANDOM, alone, 0, x, false, Operand.result(3011, width)));
  }

  /** By a kernel, and by the way of devices that have none. */
  @ParameterizedTest
  @EnumSource
  void someRowsDropWhatAllRowsDropThere(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    int[] rows = {2, 3, 11, 40};
    for (int width : new int[] {1, 7, 8, 33}) {
      Tensor all = Operand.normal(1, 41, width);
      Tensor dropped = Operand.result(41, width);
      kernels.dropout(0.3f, RANDOM, all, false, dropped);
      Tensor x = Operand.result(rows.length, width);
      Tensor expected = Operand.result(rows.length, width);
      kind.kernels().gather().rows(all, rows, 1, x);
      kind.kernels().gather().rows(dropped, rows, 1, expected);
      Tensor y = Operand.result(rows.length, width);
      kernels.dropoutRows(0.3f, RANDOM, rows, x, false, y);
      assertArrayEquals(Operand.values(expected), Operand.values(y), "width " + width);
      kernels.dropoutRows(0.3f, RANDOM, rows, x, true, y);
      kernels.addScaled(1, expected, expected);
      assertArrayEquals(Operand.values(expected), Operand.values(y), "width " + width + ", added");
      assertThrows(ShapeException.class, () -> kernels.dropoutRows(0.3f, RANDOM, new int[] {1}, x, false, y));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theShareThatFallsIsP(Kind kind) {
    int n = 1 << 20;
    Tensor y = Operand.result(n);
    kind.kernels().elementwise().dropout(0.3f, RANDOM, Tensor.full(1, n), false, y);
    int fallen = 0;
    for (float value : Operand.values(y)) {
      fallen += value == 0 ? 1 : 0;
    }
    assertEquals(0.3, fallen / (double) n, 5 * Math.sqrt(0.3 * 0.7 / n));
  }

  @ParameterizedTest
  @EnumSource
  void fallenElementsAreZeroWhateverTheyWere(Kind kind) {
    float[] x = new float[64];
    Arrays.fill(x, Float.NaN);
    Tensor y = Operand.result(64);
    kind.kernels().elementwise().dropout(0.5f, RANDOM, Tensor.of(x, 64), false, y);
    for (int i = 0; i < 64; i++) {
      assertEquals(RANDOM.uniform(i) >= 0.5f, Float.isNaN(y.get(i)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theResultIsAddedOrOverwritesItsInput(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    Tensor x = Operand.normal(1, 1000);
    Tensor y = Operand.result(1000);
    kernels.dropout(0.4f, RANDOM, x, false, y);
    Tensor sum = Operand.filled(3, 1000);
    kernels.dropout(0.4f, RANDOM, x, true, sum);
    double[] expected = Arrays.stream(Operand.doubles(y)).map(v -> v + 3).toArray();
    Operand.assertNear("sum", expected, sum, 2e-7, 0);
    kernels.dropout(0.4f, RANDOM, x, false, x);
    assertArrayEquals(Operand.values(y), Operand.values(x));
  }

  @ParameterizedTest
  @EnumSource
  void threadsDoNotChangeBits(Kind kind) {
    Tensor x = Operand.normal(1, 123_457);
    Operand.onAnyThreads(() -> {
      Tensor y = Operand.result(123_457);
      kind.kernels().elementwise().dropout(0.1f, RANDOM, x, false, y);
      return y;
    });
  }

  @ParameterizedTest
  @EnumSource
  void aShareOutsideItsRangeIsNamed(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    Tensor x = Tensor.zeros(4);
    for (float p : new float[] {1, -0.1f, Float.NaN}) {
      assertEquals("dropout: p must be in [0, 1), got " + p, assertThrows(IllegalArgumentException.class,
          () -> kernels.dropout(p, RANDOM, x, false, x)).getMessage());
    }
  }
}
