package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.NormKernels;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layer norm and RMS norm, with and without residual, weights and gradients. */
class NormTest {
  private static final float EPS = 1e-5f;
  private static final int[][] SHAPES = {{0, 8}, {3, 0}, {1, 1}, {5, 7}, {4, 8}, {3, 13}, {2, 16}, {17, 31}, {40, 64},
      {9, 207}, {70, 1024}, {1100, 96}};

  /** One norm of one row in float64: s, mean, rstd and the normalised numbers. */
  private record Row(double[] s, double mean, double rstd) {
    static Row of(double[] s, boolean centred) {
      double mean = centred ? Arrays.stream(s).average().orElse(0) : 0;
      double variance = Arrays.stream(s).map(v -> (v - mean) * (v - mean)).average().orElse(0);
      return new Row(s, mean, 1 / Math.sqrt(variance + EPS));
    }

    double hat(int i) {
      return (s[i] - mean) * rstd;
    }
  }

  private static double[] row(Tensor x, Tensor residual, int row, int c) {
    double[] values = new double[c];
    Arrays.setAll(values, i -> x.get((long) row * c + i) + (residual == null ? 0 : residual.get((long) row * c + i)));
    return values;
  }

  private static double at(Tensor weight, int i, double otherwise) {
    return weight == null ? otherwise : weight.get(i);
  }

  private static double[] normed(Tensor x, Tensor residual, Tensor weight, double offset, Tensor bias, boolean centred, int c) {
    double[] expected = new double[x.shape().length()];
    for (int i = 0; i < expected.length; i += c) {
      Row row = Row.of(row(x, residual, i / c, c), centred);
      for (int j = 0; j < c; j++) {
        expected[i + j] = row.hat(j) * (at(weight, j, 1) + offset) + at(bias, j, 0);
      }
    }
    return expected;
  }

  private static Tensor stats(int rows) {
    return Operand.result(rows);
  }

  @ParameterizedTest
  @EnumSource
  void layerNormAgreesWithFloat64(Kind kind) {
    NormKernels norm = kind.kernels().norm();
    for (int[] shape : SHAPES) {
      int rows = shape[0];
      int c = shape[1];
      for (int options = 0; options < 8; options++) {
        Tensor x = Operand.uniform(1, 1, 4, shape);
        Tensor residual = (options & 1) == 0 ? null : Operand.normal(2, shape);
        Tensor weight = (options & 2) == 0 ? null : Operand.normal(3, c);
        Tensor bias = (options & 4) == 0 ? null : Operand.normal(4, c);
        Tensor sum = residual == null ? null : Operand.result(shape);
        Tensor y = Operand.result(shape);
        Tensor mean = stats(rows);
        Tensor rstd = stats(rows);
        norm.layerNorm(x, residual, weight, bias, EPS, sum, y, mean, rstd);
        String what = "[" + rows + ", " + c + "], options " + options;
        Operand.assertNear(what, normed(x, residual, weight, 0, bias, true, c), y, 2e-6, c == 1 ? 2e-3 : 3e-6);
        double[] means = new double[rows];
        double[] rstds = new double[rows];
        for (int row = 0; row < rows && c > 0; row++) {
          Row expected = Row.of(row(x, residual, row, c), true);
          means[row] = expected.mean();
          rstds[row] = expected.rstd();
        }
        if (c > 0) {
          Operand.assertNear(what + " mean", means, mean, 5e-7, 2e-7);
          Operand.assertNear(what + " rstd", rstds, rstd, 2e-6, 0);
        }
        if (sum != null) {
          double[] sums = new double[rows * c];
          Arrays.setAll(sums, i -> (double) x.get(i) + residual.get(i));
          Operand.assertNear(what + " sum", sums, sum, 1e-7, 0);
        }
        norm.layerNorm(x, residual, weight, bias, EPS, sum, x, null, null); // in place, without statistics
        assertArrayEquals(Operand.values(y), Operand.values(x), what);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void rmsNormAgreesWithFloat64(Kind kind) {
    NormKernels norm = kind.kernels().norm();
    for (int[] shape : SHAPES) {
      int rows = shape[0];
      int c = shape[1];
      for (int options = 0; options < 4; options++) {
        Tensor x = Operand.normal(1, shape);
        Tensor residual = (options & 1) == 0 ? null : Operand.normal(2, shape);
        float offset = (options & 2) == 0 ? 0 : 1;
        if (c == 0) {
          continue;
        }
        Tensor weight = Operand.normal(3, c);
        Tensor sum = residual == null ? null : Operand.result(shape);
        Tensor y = Operand.result(shape);
        Tensor rstd = stats(rows);
        norm.rmsNorm(x, residual, weight, offset, EPS, sum, y, rstd);
        String what = "[" + rows + ", " + c + "], options " + options;
        Operand.assertNear(what, normed(x, residual, weight, offset, null, false, c), y, 2e-6, 1e-7);
        if (sum != null) {
          double[] sums = new double[rows * c];
          Arrays.setAll(sums, i -> (double) x.get(i) + residual.get(i));
          Operand.assertNear(what + " sum", sums, sum, 1e-7, 0);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void rmsNormWithTheWeightOfAHeadNormalisesHeads(Kind kind) {
    Tensor x = Operand.normal(1, 5, 3 * 20);
    Tensor weight = Operand.normal(3, 20);
    Tensor y = Operand.result(5, 60);
    Tensor rstd = stats(15);
    kind.kernels().norm().rmsNorm(x, null, weight, 0, EPS, null, y, rstd);
    Operand.assertNear("heads", normed(x, null, weight, 0, null, false, 20), y, 2e-6, 1e-7);

    Tensor dx = Operand.result(5, 60);
    Tensor dWeight = Operand.filled(0, 20);
    kind.kernels().norm().rmsNormBackward(x, x, weight, 0, rstd, false, dx, dWeight);
    Gradients expected = Gradients.of(x, x, weight, 0, false, 20);
    Operand.assertNear("dx", expected.dx, dx, 1e-5, 2e-6);
    Operand.assertNear("dWeight", expected.dWeight, dWeight, 3e-6, 3e-6);
  }

  /** The gradients from their formulas. */
  private static final class Gradients {
    final double[] dx;
    final double[] dWeight;
    final double[] dBias;

    private Gradients(int length, int c) {
      dx = new double[length];
      dWeight = new double[c];
      dBias = new double[c];
    }

    static Gradients of(Tensor dy, Tensor s, Tensor weight, double offset, boolean centred, int c) {
      Gradients g = new Gradients(s.shape().length(), c);
      for (int i = 0; i < g.dx.length; i += c) {
        Row row = Row.of(row(s, null, i / c, c), centred);
        double sum = 0;
        double product = 0;
        for (int j = 0; j < c; j++) {
          double d = dy.get(i + j) * (at(weight, j, 1) + offset);
          sum += d;
          product += d * row.hat(j);
          g.dWeight[j] += dy.get(i + j) * row.hat(j);
          g.dBias[j] += dy.get(i + j);
        }
        for (int j = 0; j < c; j++) {
          double d = dy.get(i + j) * (at(weight, j, 1) + offset);
          g.dx[i + j] = row.rstd() * (d - (centred ? sum / c : 0) - row.hat(j) * product / c);
        }
      }
      return g;
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradientsOfLayerNormAgreeWithFloat64(Kind kind) {
    NormKernels norm = kind.kernels().norm();
    for (int[] shape : SHAPES) {
      int rows = shape[0];
      int c = shape[1];
      if (c == 1) {
        continue; // the variance is 0 and 1 / √eps would multiply every rounding
      }
      Tensor s = Operand.uniform(1, 1, 4, shape);
      Tensor dy = Operand.normal(2, shape);
      Tensor weight = rows % 2 == 0 ? null : Operand.normal(3, c);
      Tensor mean = stats(rows);
      Tensor rstd = stats(rows);
      norm.layerNorm(s, null, weight, null, EPS, null, Operand.result(shape), mean, rstd);
      Tensor dx = Operand.result(shape);
      Tensor dWeight = Operand.filled(2, c);
      Tensor dBias = Operand.filled(-3, c);
      norm.layerNormBackward(dy, s, weight, mean, rstd, false, dx, dWeight, dBias);
      Gradients expected = Gradients.of(dy, s, weight, 0, true, c);
      String what = "[" + rows + ", " + c + "]";
      Operand.assertNear(what + " dx", expected.dx, dx, 1e-5, 4e-6);
      double many = Math.sqrt(rows + 1);
      Operand.assertNear(what + " dWeight", add(expected.dWeight, 2), dWeight, 1e-6, 3e-6 * many);
      Operand.assertNear(what + " dBias", add(expected.dBias, -3), dBias, 1e-6, 1e-6 * many);

      Tensor sum = Operand.filled(5, shape);
      norm.layerNormBackward(dy, s, weight, mean, rstd, true, sum, null, null);
      Operand.assertNear(what + " dx added", add(expected.dx, 5), sum, 1e-5, 4e-6);
      Tensor only = Operand.filled(-3, c);
      norm.layerNormBackward(dy, s, weight, mean, rstd, false, null, null, only);
      assertArrayEquals(Operand.values(dBias), Operand.values(only), what);
      norm.layerNormBackward(dy, s, weight, mean, rstd, false, dy, Operand.filled(0, c), null);
      assertArrayEquals(Operand.values(dx), Operand.values(dy), what + " in place");
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradientsOfRmsNormAgreeWithFloat64(Kind kind) {
    NormKernels norm = kind.kernels().norm();
    for (int[] shape : SHAPES) {
      int rows = shape[0];
      int c = shape[1];
      if (c == 0) {
        continue;
      }
      Tensor s = Operand.normal(1, shape);
      Tensor dy = Operand.normal(2, shape);
      Tensor weight = Operand.normal(3, c);
      float offset = rows % 2;
      Tensor rstd = stats(rows);
      norm.rmsNorm(s, null, weight, offset, EPS, null, Operand.result(shape), rstd);
      Tensor dx = Operand.result(shape);
      Tensor dWeight = Operand.filled(2, c);
      norm.rmsNormBackward(dy, s, weight, offset, rstd, false, dx, dWeight);
      Gradients expected = Gradients.of(dy, s, weight, offset, false, c);
      String what = "[" + rows + ", " + c + "]";
      Operand.assertNear(what + " dx", expected.dx, dx, 1e-5, c == 1 ? 1e-4 : 4e-6);
      Operand.assertNear(what + " dWeight", add(expected.dWeight, 2), dWeight, 1e-6, 3e-6 * Math.sqrt(rows + 1));
      Tensor sum = Operand.filled(5, shape);
      norm.rmsNormBackward(dy, s, weight, offset, rstd, true, sum, null);
      Operand.assertNear(what + " dx added", add(expected.dx, 5), sum, 1e-5, c == 1 ? 1e-4 : 4e-6);
    }
  }

  private static double[] add(double[] values, double term) {
    return Arrays.stream(values).map(v -> v + term).toArray();
  }

  @ParameterizedTest
  @EnumSource
  void aLargeMeanDoesNotSpoilTheVariance(Kind kind) {
    Tensor x = Operand.uniform(1, 1000, 1001, 3, 207);
    Tensor y = Operand.result(3, 207);
    kind.kernels().norm().layerNorm(x, null, null, null, EPS, null, y, null, null);
    Operand.assertNear("y", normed(x, null, null, 0, null, true, 207), y, 0, 1e-3);
  }

  @ParameterizedTest
  @EnumSource
  void threadsDoNotChangeBits(Kind kind) {
    NormKernels norm = kind.kernels().norm();
    Tensor x = Operand.normal(1, 1001, 207);
    Tensor dy = Operand.normal(2, 1001, 207);
    Tensor weight = Operand.normal(3, 207);
    Tensor mean = stats(1001);
    Tensor rstd = stats(1001);
    Operand.onAnyThreads(() -> {
      Tensor y = Operand.result(1001, 207);
      norm.layerNorm(x, dy, weight, weight, EPS, Operand.result(1001, 207), y, mean, rstd);
      return y;
    });
    Operand.onAnyThreads(() -> {
      Tensor dWeight = Operand.filled(0, 207);
      norm.layerNormBackward(dy, x, weight, mean, rstd, false, null, dWeight, dWeight);
      return dWeight;
    });
    Operand.onAnyThreads(() -> {
      Tensor dx = Operand.result(1001, 207);
      norm.rmsNormBackward(dy, x, weight, 0, rstd, false, dx, Operand.filled(0, 207));
      return dx;
    });
  }

  @ParameterizedTest
  @EnumSource
  void operandsThatDoNotFitAreNamed(Kind kind) {
    NormKernels norm = kind.kernels().norm();
    Tensor x = Tensor.zeros(2, 6);
    assertMessage("layerNorm: weight is [4], which has 4 elements; it must have 6, one per column",
        () -> norm.layerNorm(x, null, Tensor.zeros(4), null, EPS, null, x, null, null));
    assertMessage("layerNorm: rstd is [3], which has 3 elements; it must have 2, one per row",
        () -> norm.layerNorm(x, null, null, null, EPS, null, x, null, Tensor.zeros(3)));
    assertMessage("rmsNorm: the weight is [4], the rows of [2, 6] have 6 columns, which is no multiple of it",
        () -> norm.rmsNorm(x, null, Tensor.zeros(4), 0, EPS, null, x, null));
    assertMessage("layerNormBackward: dy is [2, 6], dx is [6]; the shapes must be equal", () -> norm.layerNormBackward(x, x,
        null, Tensor.zeros(2), Tensor.zeros(2), false, Tensor.zeros(6), null, null));
    assertEquals("layerNorm: residual and sum come together or not at all", assertThrows(IllegalArgumentException.class,
        () -> norm.layerNorm(x, x, null, null, EPS, null, x, null, null)).getMessage());
  }

  private static void assertMessage(String message, org.junit.jupiter.api.function.Executable action) {
    assertEquals(message, assertThrows(ShapeException.class, action).getMessage());
  }
}
