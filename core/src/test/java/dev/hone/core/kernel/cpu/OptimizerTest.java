package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.OptimizerKernels;
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
        kind.kernels().optimizer().adamW(p, g, m, v, step, lr, 0.9, 0.999, eps, decay, scale);
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
    kind.kernels().optimizer().adamW(p, Operand.filled(0, 40), Operand.filled(0, 40), Operand.filled(0, 40), 1, 0.1, 0.9, 0.999,
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
      kind.kernels().optimizer().adamW(p, g, Operand.copy(g), Operand.filled(1, 123_457), 3, 0.1, 0.9, 0.999, 1e-8, 0.5, 1);
      return p;
    });
  }

  @ParameterizedTest
  @EnumSource
  void operandsThatDoNotFitAreNamed(Kind kind) {
    OptimizerKernels optimizer = kind.kernels().optimizer();
    Tensor two = Tensor.zeros(2);
    Tensor three = Tensor.zeros(3);
    assertEquals("adamW: parameter is [2], second is [3]; the shapes must be equal", assertThrows(ShapeException.class,
        () -> optimizer.adamW(two, two, two, three, 1, 0.1, 0.9, 0.999, 1e-8, 0, 1)).getMessage());
    assertEquals("adamW: step counts from 1, got 0", assertThrows(IllegalArgumentException.class,
        () -> optimizer.adamW(two, two, two, two, 0, 0.1, 0.9, 0.999, 1e-8, 0, 1)).getMessage());
  }
}
