package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.OptimizerKernels;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** AdamW against its definition in float64. */
class OptimizerTest {
  @ParameterizedTest
  @EnumSource
  void stepsFollowTheDefinition(Kind kind) {
    double lr = 1e-2;
    double decay = 0.1;
    double eps = 1e-8;
    float scale = 0.5f;
    for (int n : Operand.SIZES) {
      Tensor p = Operand.normal(1, n);
      Tensor m = Operand.filled(0, n);
      Tensor v = Operand.filled(0, n);
      double[] ps = Operand.doubles(p);
      double[] ms = new double[n];
      double[] vs = new double[n];
      for (int step = 1; step <= 5; step++) {
        Tensor g = Operand.normal(10 + step, n);
        float[] before = Operand.values(g);
        kind.kernels().optimizer().adamW(p, g, null, m, v, step, lr, 0.9, 0.999, eps, decay, scale);
        assertArrayEquals(before, Operand.values(g), "the gradient is left alone");
        for (int i = 0; i < n; i++) {
          double gradient = scale * g.get(i);
          ps[i] *= 1 - lr * decay;
          ms[i] = 0.9 * ms[i] + 0.1 * gradient;
          vs[i] = 0.999 * vs[i] + 0.001 * gradient * gradient;
          ps[i] -= lr / (1 - Math.pow(0.9, step)) * ms[i] / (Math.sqrt(vs[i]) / Math.sqrt(1 - Math.pow(0.999, step)) + eps);
        }
        Operand.assertNear("p after step " + step, ps, p, 1e-6, 1e-7);
        Operand.assertNear("m after step " + step, ms, m, 1e-6, 1e-7);
        Operand.assertNear("v after step " + step, vs, v, 2e-6, 1e-12);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aParameterWithoutGradientOnlyDecays(Kind kind) {
    Tensor p = Operand.filled(2, 40);
    kind.kernels().optimizer().adamW(p, Operand.filled(0, 40), null, Operand.filled(0, 40), Operand.filled(0, 40), 1, 0.1, 0.9,
        0.999,
        1e-8, 0.5, 1);
    for (float value : Operand.values(p)) {
      assertEquals(1.9f, value);
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsDoNotChangeBits(Kind kind) {
    Tensor start = Operand.normal(1, 123_457);
    Tensor g = Operand.normal(2, 123_457);
    Operand.onAnyThreads(() -> {
      Tensor p = Operand.copy(start);
      kind.kernels().optimizer().adamW(p, g, null, Operand.copy(g), Operand.filled(1, 123_457), 3, 0.1, 0.9, 0.999, 1e-8, 0.5, 1);
      return p;
    });
  }

  @ParameterizedTest
  @EnumSource
  void aGradientOfSomeRowsGivesTheBitsOfTheWholeOne(Kind kind) {
    int width = 37; // pieces that threads take begin and end within rows
    int height = 4000;
    int[] rows = IntStream.range(0, height).filter(row -> row < 3 || row % 97 == 5 || row > 3900 || row == 442).toArray();
    Tensor few = Operand.normal(2, rows.length * width).reshape(rows.length, width);
    Tensor whole = Tensor.zeros(height, width);
    for (int i = 0; i < rows.length; i++) {
      whole.slice(rows[i], rows[i] + 1).copyFrom(few.slice(i, i + 1));
    }
    Operand.onAnyThreads(() -> {
      Tensor[][] states = new Tensor[2][];
      for (int i = 0; i < 2; i++) {
        Tensor p = Operand.normal(1, height * width).reshape(height, width);
        Tensor m = Operand.normal(3, height * width).reshape(height, width);
        Tensor v = Operand.filled(1, height * width).reshape(height, width);
        kind.kernels().optimizer().adamW(p, i == 0 ? whole : few, i == 0 ? null : rows, m, v, 3, 0.1, 0.9, 0.999, 1e-8, 0.5,
            0.7f);
        states[i] = new Tensor[] {p, m, v};
      }
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(Operand.values(states[0][i]), Operand.values(states[1][i]));
      }
      return states[1][0];
    });
  }

  @ParameterizedTest
  @EnumSource
  void operandsThatDoNotFitAreNamed(Kind kind) {
    OptimizerKernels optimizer = kind.kernels().optimizer();
    Tensor two = Tensor.zeros(2);
    Tensor three = Tensor.zeros(3);
    assertEquals("adamW: parameter is [2], second is [3]; the shapes must be equal", assertThrows(ShapeException.class,
        () -> optimizer.adamW(two, two, null, two, three, 1, 0.1, 0.9, 0.999, 1e-8, 0, 1)).getMessage());
    Tensor table = Tensor.zeros(4, 2);
    Tensor rows = Tensor.zeros(2, 2);
    assertEquals("adamW: parameter is [4, 2], gradient [2] of 1 rows; it must be [rows, C] for a parameter [V, C]",
        assertThrows(ShapeException.class,
            () -> optimizer.adamW(table, two, new int[] {0}, table, table, 1, 0.1, 0.9, 0.999, 1e-8, 0, 1)).getMessage());
    assertEquals("adamW: rows[1] is 1; rows must ascend, from 0 to 3", assertThrows(IllegalArgumentException.class,
        () -> optimizer.adamW(table, rows, new int[] {1, 1}, table, table, 1, 0.1, 0.9, 0.999, 1e-8, 0, 1)).getMessage());
    assertEquals("adamW: rows[1] is 4; rows must ascend, from 0 to 3", assertThrows(IllegalArgumentException.class,
        () -> optimizer.adamW(table, rows, new int[] {1, 4}, table, table, 1, 0.1, 0.9, 0.999, 1e-8, 0, 1)).getMessage());
    assertEquals("adamW: step counts from 1, got 0", assertThrows(IllegalArgumentException.class,
        () -> optimizer.adamW(two, two, null, two, two, 0, 0.1, 0.9, 0.999, 1e-8, 0, 1)).getMessage());
  }
}
