package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.Activation;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.ElementwiseKernels;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Activations alone and gated. */
class ActivationTest {
  @ParameterizedTest
  @EnumSource
  void valuesAgreeWithFloat64(Kind kind) {
    for (Activation activation : Activation.values()) {
      DoubleUnaryOperator f = Reference.of(activation);
      for (int n : Operand.SIZES) {
        Tensor x = Operand.uniform(1, -6, 6, n);
        Tensor y = Operand.result(n);
        kind.kernels().elementwise().activation(activation, x, y);
        Operand.assertNear(activation + " of " + n, Arrays.stream(Operand.doubles(x)).map(f).toArray(), y, 4e-7, 1e-7);

        kind.kernels().elementwise().activation(activation, x, x);
        assertArrayEquals(Operand.values(y), Operand.values(x), activation::toString);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradientsAgreeWithCentralDifferences(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    for (Activation activation : Activation.values()) {
      DoubleUnaryOperator f = Reference.of(activation);
      for (int n : Operand.SIZES) {
        Tensor x = Operand.awayFromKinks(Operand.uniform(1, -6, 6, n));
        Tensor dy = Operand.normal(2, n);
        Tensor dx = Operand.result(n);
        kernels.activationBackward(activation, x, dy, false, dx);
        double[] expected = new double[n];
        Arrays.setAll(expected, i -> dy.get(i) * Reference.derivative(f, x.get(i)));
        Operand.assertNear(activation + "' of " + n, expected, dx, 1e-6, 6e-7);

        Tensor sum = Operand.filled(10, n);
        kernels.activationBackward(activation, x, dy, true, sum);
        Operand.assertNear(activation + "' of " + n + " added", Arrays.stream(expected).map(e -> e + 10).toArray(), sum, 1e-6,
            1e-6);

        kernels.activationBackward(activation, x, dy, false, dy);
        assertArrayEquals(Operand.values(dx), Operand.values(dy), activation::toString);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void largeAndInvalidNumbersKeepTheirMeaning(Kind kind) {
    float[] x = {30, -30, 100, -100, 1e4f, -1e4f, 0, -0f, Float.NaN, 1e-20f, -1e-20f, 88.5f, -88.5f, 9.2f, -9.2f, 12, -12};
    for (Activation activation : Activation.values()) {
      Tensor in = Tensor.of(x, x.length);
      double[] expected = Arrays.stream(Operand.doubles(in)).map(Reference.of(activation)).toArray();
      Tensor y = Operand.result(x.length);
      kind.kernels().elementwise().activation(activation, in, y);
      Operand.assertNear(activation.toString(), expected, y, 3e-6, 1e-30);
      kind.kernels().elementwise().activationBackward(activation, in, Tensor.full(1, x.length), false, y);
      for (int i = 0; i < x.length; i++) {
        assertEquals(activation != Activation.NONE && activation != Activation.RELU && x[i] != x[i], Float.isNaN(y.get(i)),
            activation + "' at " + x[i] + " is " + y.get(i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void gatesMultiplyWhatTheyLetThrough(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    for (Activation activation : Activation.values()) {
      DoubleUnaryOperator f = Reference.of(activation);
      for (int width : new int[] {1, 7, 8, 31, 64, 207, 3000}) {
        int rows = 9;
        Tensor fused = Operand.awayFromKinks(Operand.normal(1, rows, 2 * width + 5));
        Columns gate = new Columns(fused, 1, width);
        Columns up = new Columns(fused, width + 3, width);
        Columns dy = new Columns(Operand.normal(2, rows, width + 2), 2, width);
        Tensor y = Operand.result(rows, width);
        kernels.gated(activation, gate, up, Columns.of(y));
        Tensor gradients = Operand.filled(77, rows, 2 * width + 5);
        kernels.gatedBackward(activation, gate, up, dy, new Columns(gradients, 1, width),
            new Columns(gradients, width + 3, width));
        double[] values = new double[rows * width];
        double[] expected = new double[rows * (2 * width + 5)];
        Arrays.fill(expected, 77);
        for (int i = 0; i < values.length; i++) {
          int row = i / width;
          int column = i % width;
          double g = at(gate, row, column);
          double u = at(up, row, column);
          double d = at(dy, row, column);
          values[i] = f.applyAsDouble(g) * u;
          expected[row * (2 * width + 5) + 1 + column] = d * u * Reference.derivative(f, g);
          expected[row * (2 * width + 5) + width + 3 + column] = d * f.applyAsDouble(g);
        }
        Operand.assertNear(activation + " gated, " + width, values, y, 1e-6, 3e-7);
        Operand.assertNear(activation + " gated, gradient, " + width, expected, gradients, 2e-6, 1e-6);

        kernels.gated(activation, gate, up, gate); // in place
        for (int i = 0; i < values.length; i++) {
          assertEquals(y.get(i), at(gate, i / width, i % width));
        }
      }
    }
  }

  private static float at(Columns columns, int row, int column) {
    return columns.array()[columns.offset() + row * columns.stride() + column];
  }

  @ParameterizedTest
  @EnumSource
  void threadsDoNotChangeBits(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    Tensor x = Operand.normal(1, 41, 3001);
    Tensor dy = Operand.normal(2, 41, 3001);
    for (Activation activation : Activation.values()) {
      Operand.onAnyThreads(() -> {
        Tensor y = Operand.result(41, 3001);
        Tensor dUp = Operand.result(41, 3001);
        kernels.activation(activation, x, y);
        kernels.activationBackward(activation, x, dy, true, y);
        Tensor z = Operand.result(41, 3001);
        kernels.gated(activation, Columns.of(x), Columns.of(y), Columns.of(z));
        kernels.gatedBackward(activation, Columns.of(z), Columns.of(x), Columns.of(dy), Columns.of(y), Columns.of(dUp));
        kernels.addScaled(1, dUp, y);
        return y;
      });
    }
  }

  @ParameterizedTest
  @EnumSource
  void columnsThatDoNotFitAreNamed(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    Columns wide = Columns.of(Tensor.zeros(2, 4));
    Columns narrow = Columns.of(Tensor.zeros(2, 3));
    assertEquals("gated: gate is 2 rows of 4 columns, up 2 of 3; they must be equal",
        assertThrows(ShapeException.class, () -> kernels.gated(Activation.SILU, wide, narrow, wide)).getMessage());
    assertEquals("gatedBackward: gate is 2 rows of 4 columns, dUp 2 of 3; they must be equal", assertThrows(ShapeException.class,
        () -> kernels.gatedBackward(Activation.SILU, wide, wide, wide, wide, narrow)).getMessage());
  }
}
