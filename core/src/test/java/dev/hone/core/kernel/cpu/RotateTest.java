package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rotary embedding of both kinds of loops. */
class RotateTest {
  private static final int TABLE = 50;

  static Stream<Arguments> kernels() {
    return AttentionTest.kernels();
  }

  static Stream<Arguments> shapes() {
    int[][] shapes = {{1, 1, 2, 1}, {7, 3, 8, 4}, {5, 2, 64, 32}, {300, 9, 64, 32}, {5, 2, 80, 10}, {4, 3, 33, 15}, {6, 2, 16, 0},
        {3, 1, 128, 64}};
    return kernels().flatMap(kind -> Stream.of(shapes)
        .map(s -> Arguments.of(kind.get()[0], kind.get()[1], s[0], s[1], s[2], s[3])));
  }

  private static Tensor table(int half, boolean sine) {
    float[] table = new float[TABLE * half];
    for (int i = 0; i < table.length; i++) {
      double angle = (i / half) / Math.pow(100, (double) (i % half) / half);
      table[i] = (float) (sine ? Math.sin(angle) : Math.cos(angle));
    }
    return Tensor.of(table, TABLE, half);
  }

  private static int[] positions(int rows) {
    int[] positions = new int[rows];
    java.util.Arrays.setAll(positions, i -> (i * 7 + 3) % TABLE);
    return positions;
  }

  @ParameterizedTest(name = "{0}: {2} rows, {3} heads of {4}, {5} pairs")
  @MethodSource("shapes")
  void pairsTurnByTheAngleOfTheirPosition(String kind, AttentionKernels kernels, int rows, int heads, int d, int half) {
    Columns x = AttentionCase.random(rows, heads * d, 6);
    Columns y = AttentionCase.result(rows, heads * d);
    int[] positions = positions(rows);
    kernels.rotate(x, d, table(half, false), table(half, true), positions, false, false, y);
    double[] in = AttentionCase.values(x);
    float[] out = AttentionCase.inside(y);
    for (int i = 0; i < out.length; i++) {
      int column = i % d;
      double expected = in[i];
      if (column < 2 * half) {
        double angle = positions[i / (heads * d)] / Math.pow(100, (double) (column % half) / half);
        expected = column < half ? in[i] * Math.cos(angle) - in[i + half] * Math.sin(angle)
            : in[i] * Math.cos(angle) + in[i - half] * Math.sin(angle);
      }
      assertEquals(expected, out[i], 1e-6, "element " + i);
    }
  }

  @ParameterizedTest(name = "{0}: {2} rows, {3} heads of {4}, {5} pairs")
  @MethodSource("shapes")
  void neighboursTurnByTheAngleOfTheirPosition(String kind, AttentionKernels kernels, int rows, int heads, int d, int half) {
    Columns x = AttentionCase.random(rows, heads * d, 6);
    Columns y = AttentionCase.result(rows, heads * d);
    int[] positions = positions(rows);
    kernels.rotate(x, d, table(half, false), table(half, true), positions, true, false, y);
    double[] in = AttentionCase.values(x);
    float[] out = AttentionCase.inside(y);
    for (int i = 0; i < out.length; i++) {
      int column = i % d;
      double expected = in[i];
      if (column < 2 * half) {
        double angle = positions[i / (heads * d)] / Math.pow(100, (double) (column / 2) / half);
        expected = column % 2 == 0 ? in[i] * Math.cos(angle) - in[i + 1] * Math.sin(angle)
            : in[i] * Math.cos(angle) + in[i - 1] * Math.sin(angle);
      }
      assertEquals(expected, out[i], 1e-6, "element " + i);
    }
    kernels.rotate(y, d, table(half, false), table(half, true), positions, true, true, y);
    float[] back = AttentionCase.inside(y);
    for (int i = 0; i < back.length; i++) {
      assertEquals(in[i], back[i], 2e-6, "element " + i + " turned back");
    }
  }

  @ParameterizedTest(name = "{0}: {2} rows, {3} heads of {4}, {5} pairs")
  @MethodSource("shapes")
  void theInverseTurnsBackInPlace(String kind, AttentionKernels kernels, int rows, int heads, int d, int half) {
    Columns x = AttentionCase.random(rows, heads * d, 6);
    float[] before = x.array().clone();
    kernels.rotate(x, d, table(half, false), table(half, true), positions(rows), false, false, x);
    kernels.rotate(x, d, table(half, false), table(half, true), positions(rows), false, true, x);
    assertArrayEquals(before, x.array(), 2e-6f);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void positionsBeyondTheTableAndOddWidthsAreRefused(String kind, AttentionKernels kernels) {
    Columns x = AttentionCase.random(2, 16, 6);
    IndexOutOfBoundsException position = assertThrows(IndexOutOfBoundsException.class,
        () -> kernels.rotate(x, 8, table(4, false), table(4, true), new int[] {0, TABLE}, false, false, x));
    assertTrue(position.getMessage().contains("position 50, the table has 50"), position.getMessage());
    ShapeException width = assertThrows(ShapeException.class,
        () -> kernels.rotate(x, 5, table(2, false), table(2, true), new int[2], false, false, x));
    assertTrue(width.getMessage().contains("rows of 16 numbers, heads of 5"), width.getMessage());
  }
}
