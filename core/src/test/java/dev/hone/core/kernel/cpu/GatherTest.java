package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.GatherKernels;
import dev.hone.core.memory.HalfFloats;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Embedding rows, permuted axes and copied blocks. */
class GatherTest {
  private static final int[] WIDTHS = {1, 7, 8, 13, 16, 31, 64, 207, 1024};

  private static int[] rows(int n, int v) {
    int[] rows = new int[n];
    Arrays.setAll(rows, i -> i % 11 == 10 ? -1 : i * i % v);
    return rows;
  }

  /** The numbers as a file has them, one byte off any alignment. */
  private static Tensor stored(Tensor values, DType type) {
    ByteBuffer bytes = ByteBuffer.allocateDirect((int) values.size() * type.bytes() + 1).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(1);
    for (float value : values.toFloatArray()) {
      switch (type) {
        case F32 -> bytes.putFloat(value);
        case F64 -> bytes.putDouble(value);
        case F16 -> bytes.putShort(Float.floatToFloat16(value));
        case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        default -> throw new AssertionError(type);
      }
    }
    return Tensor.of(MemorySegment.ofBuffer(bytes.flip()).asSlice(1), type, values.shape());
  }

  @ParameterizedTest
  @EnumSource
  void rowsAreTakenFromTablesOfAnyType(Kind kind) {
    for (int c : WIDTHS) {
      for (DType type : new DType[] {null, DType.F32, DType.F64, DType.F16, DType.BF16}) {
        for (float scale : new float[] {1, 0.37f}) {
          Tensor values = Operand.normal(1, 29, c);
          Tensor table = type == null ? values : stored(values, type);
          int[] rows = rows(50, 29);
          double[] expected = new double[50 * c];
          Arrays.setAll(expected, i -> rows[i / c] < 0 ? 0 : scale * table.get((long) rows[i / c] * c + i % c));
          Tensor y = Operand.result(50, c);
          kind.kernels().gather().rows(table, rows, scale, y);
          Operand.assertNear(type + " rows of " + c, expected, y, 1e-7, 0);
        }
      }
    }
    kind.kernels().gather().rows(Tensor.zeros(3, 4), new int[0], 1, Operand.result(0, 4));
  }

  @ParameterizedTest
  @EnumSource
  void everyHalfPrecisionNumberIsWidenedExactly(Kind kind) {
    for (DType type : new DType[] {DType.F16, DType.BF16}) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 17).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < 1 << 16; i++) {
        bytes.putShort((short) i);
      }
      Tensor table = Tensor.of(MemorySegment.ofBuffer(bytes.flip()), type, Shape.of(64, 1024));
      int[] all = new int[64];
      Arrays.setAll(all, i -> i);
      Tensor y = Operand.result(64, 1024);
      kind.kernels().gather().rows(table, all, 1, y);
      float[] widened = Operand.values(y);
      for (int i = 0; i < 1 << 16; i++) {
        float expected = type == DType.F16 ? Float.float16ToFloat((short) i) : Float.intBitsToFloat(i << 16);
        assertEquals(Float.floatToIntBits(expected), Float.floatToIntBits(widened[i]), type + " " + Integer.toHexString(i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void addedRowsComeInOrder(Kind kind) {
    for (int c : WIDTHS) {
      int[] rows = rows(300, 29);
      Tensor dy = Operand.normal(1, 300, c);
      Tensor table = Operand.normal(2, 29, c);
      double[] expected = Operand.doubles(table);
      for (int i = 0; i < 300 * c; i++) {
        if (rows[i / c] >= 0) {
          expected[rows[i / c] * c + i % c] += -1.5 * dy.get(i);
        }
      }
      Tensor start = Operand.copy(table);
      kind.kernels().gather().addRows(dy, rows, -1.5f, table);
      Operand.assertNear("added rows of " + c, expected, table, 1e-6, 1e-5);
      Operand.onAnyThreads(() -> {
        Tensor again = Operand.copy(start);
        kind.kernels().gather().addRows(dy, rows, -1.5f, again);
        return again;
      });
    }
  }

  @ParameterizedTest
  @EnumSource
  void axesArePermuted(Kind kind) {
    int[][][] cases = {{{}, {}}, {{5}, {0}}, {{3, 4}, {1, 0}}, {{37, 65}, {1, 0}}, {{0, 4}, {1, 0}}, {{2, 3, 4}, {0, 2, 1}},
        {{2, 3, 4}, {2, 1, 0}}, {{2, 3, 4}, {0, 1, 2}}, {{2, 17, 3, 16}, {0, 2, 1, 3}}, {{4, 1, 5, 1}, {3, 2, 1, 0}},
        {{3, 40, 70}, {2, 0, 1}}, {{300, 200}, {1, 0}}, {{2, 3, 4, 5, 6}, {4, 2, 0, 3, 1}}};
    for (int[][] c : cases) {
      Tensor x = Operand.normal(1, c[0]);
      int[] order = c[1];
      int[] sizes = Arrays.stream(order).map(axis -> c[0][axis]).toArray();
      Tensor y = Operand.result(sizes);
      kind.kernels().gather().permute(x, order, y);
      double[] expected = new double[(int) y.size()];
      for (int i = 0; i < expected.length; i++) {
        int rest = i;
        int[] position = new int[order.length];
        for (int axis = order.length - 1; axis >= 0; axis--) {
          position[order[axis]] = rest % sizes[axis];
          rest /= sizes[axis];
        }
        int index = 0;
        for (int axis = 0; axis < order.length; axis++) {
          index = index * c[0][axis] + position[axis];
        }
        expected[i] = x.get(index);
      }
      Operand.assertNear("permute " + x.shape() + " " + Arrays.toString(order), expected, y, 0, 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void blocksAreCopiedBetweenAxesOfDifferentLength(Kind kind) {
    for (boolean accumulate : new boolean[] {false, true}) {
      for (int[] c : new int[][] {{3, 5, 7, 4, 2, 1, 3}, {1, 9, 4, 1, 0, 2, 2}, {4, 6, 6, 5, 0, 0, 6}, {2, 3, 3, 3, 1, 1, 0},
          {300, 70, 90, 8, 3, 9, 50}, {0, 3, 3, 2, 0, 0, 3}}) {
        int outer = c[0];
        int inner = c[3];
        Tensor src = Operand.normal(1, outer, c[1], inner);
        Tensor dst = Operand.normal(2, outer, c[2], inner);
        double[] expected = Operand.doubles(dst);
        for (int o = 0; o < outer; o++) {
          for (int j = 0; j < c[6] * inner; j++) {
            int target = (o * c[2] + c[5]) * inner + j;
            expected[target] = src.get((o * c[1] + c[4]) * inner + j) + (accumulate ? expected[target] : 0);
          }
        }
        kind.kernels().gather().copyBlock(src, c[4], dst, c[5], c[6], outer, inner, accumulate);
        Operand.assertNear("block", expected, dst, 1e-7, 1e-7);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void operandsThatDoNotFitAreNamed(Kind kind) {
    GatherKernels gather = kind.kernels().gather();
    Tensor table = Tensor.zeros(3, 4);
    assertEquals("rows: rows[1] is 3, table [3, 4] has rows 0 to 2 (-1 stands for none)", assertThrows(
        IllegalArgumentException.class, () -> gather.rows(table, new int[] {0, 3}, 1, Tensor.zeros(2, 4))).getMessage());
    assertMessage("rows: y is [8]; for 2 rows of table [3, 4] it must be [2, 4]",
        () -> gather.rows(table, new int[2], 1, Tensor.zeros(8)));
    assertMessage("permute: x is [3, 4], y is [4, 3], the order [0, 1]; it must name each axis of x once, and axis i of y must "
        + "have the size of axis order[i] of x", () -> gather.permute(table, new int[] {0, 1}, Tensor.zeros(4, 3)));
    assertMessage("permute: x is [3, 4], y is [3, 3], the order [0, 0]; it must name each axis of x once, and axis i of y must "
        + "have the size of axis order[i] of x", () -> gather.permute(table, new int[] {0, 0}, Tensor.zeros(3, 3)));
    assertMessage("copyBlock: src is [3, 4], seen as [1, 3, 4] it has no block [2, 4)",
        () -> gather.copyBlock(table, 2, Tensor.zeros(9, 4), 0, 2, 1, 4, false));
    Tensor integers = Tensor.of(MemorySegment.ofArray(new int[12]), DType.I32, Shape.of(3, 4));
    assertEquals("rows: the table is I32; it must be of a float type", assertThrows(IllegalArgumentException.class,
        () -> gather.rows(integers, new int[2], 1, Tensor.zeros(2, 4))).getMessage());
  }

  private static void assertMessage(String message, org.junit.jupiter.api.function.Executable action) {
    assertEquals(message, assertThrows(ShapeException.class, action).getMessage());
  }

  private static float nearestBrain(float x) {
    if (Float.isNaN(x) || Float.isInfinite(x)) {
      return x;
    }
    float towardsZero = Float.intBitsToFloat(Float.floatToRawIntBits(x) & 0xFFFF0000);
    int next = Float.floatToRawIntBits(towardsZero) + 0x10000;
    double beyond = next << 1 == 0xFF000000 ? Math.copySign(0x1p128, x) : Float.intBitsToFloat(next);
    double near = Math.abs((double) x - towardsZero);
    double far = Math.abs(beyond - x);
    boolean even = (next & 0x10000) != 0; // the one towards zero
    return near < far || near == far && even ? towardsZero : Float.intBitsToFloat(next);
  }

  @ParameterizedTest
  @EnumSource(names = {"SCALAR", "VECTOR"})
  void numbersThatWaitInHalfTheMemoryAreRoundedToTheNearest(Kind kind) {
    HalfFloats halves = kind.kernels().gather().halfFloats();
    float[] edges = {0, -0f, 1, -1, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f, -1 - 0x1p-8f, 1 + 0x1.8p-8f, Float.MIN_VALUE, 0x1p-133f,
        Float.MAX_VALUE, -Float.MAX_VALUE, 0x1.FEp127f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN,
        Float.intBitsToFloat(0x7F800001), Float.intBitsToFloat(0xFFFFFFFF)};
    for (int n : new int[] {1, 2, 3, 13, 16, 31, 64, 207, 1024, 70_001}) {
      float[] x = Operand.normal(n, n + 3).toFloatArray();
      for (int i = 0; i < n; i++) {
        x[3 + i] = i % 3 == 0 ? edges[i / 3 % edges.length] : x[3 + i];
      }
      float[] words = new float[2 + (n + 1) / 2];
      float[] y = new float[n + 2];
      halves.narrow(x, 3, words, 1, n);
      halves.widen(words, 1, y, 1, n);
      for (int i = 0; i < n; i++) {
        assertEquals(nearestBrain(x[3 + i]), y[1 + i], n + " numbers, number " + i);
      }
      assertEquals(0, words[0] + words[words.length - 1] + y[0] + y[n + 1], "what lies around them");
    }
  }
}
