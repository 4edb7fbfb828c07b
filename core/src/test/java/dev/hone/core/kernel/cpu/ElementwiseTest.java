package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Functions of one and two numbers, with broadcasting. */
class ElementwiseTest {
  private static Tensor input(Unary function, int n) {
    boolean positive = switch (function) {
      case LOG, SQRT, RSQRT, POW -> true;
      default -> false;
    };
    return positive ? Operand.uniform(2, 0.05, 4, n) : Operand.awayFromKinks(Operand.normal(2, n));
  }

  private static double p(Unary function) {
    return function == Unary.POW ? 2.5 : -0.75;
  }

  private static double[] map(Tensor x, DoubleUnaryOperator f) {
    return Arrays.stream(Operand.doubles(x)).map(f).toArray();
  }

  @ParameterizedTest
  @EnumSource
  void functionsAgreeWithFloat64(Kind kind) {
    for (Unary function : Unary.values()) {
      for (int n : Operand.SIZES) {
        Tensor x = input(function, n);
        Tensor y = Operand.result(n);
        kind.kernels().elementwise().unary(function, (float) p(function), 1.25f, x, y);
        Operand.assertNear(function + " of " + n, map(x, Reference.of(function, p(function), 1.25)), y, 3e-7, 1e-7);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void functionsMayOverwriteTheirInput(Kind kind) {
    for (Unary function : Unary.values()) {
      Tensor x = input(function, 1000);
      Tensor y = Operand.result(1000);
      kind.kernels().elementwise().unary(function, 2, 3, x, y);
      kind.kernels().elementwise().unary(function, 2, 3, x, x);
      assertArrayEquals(Operand.values(y), Operand.values(x), function::toString);
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradientsAgreeWithCentralDifferences(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    for (Unary function : Unary.values()) {
      for (int n : Operand.SIZES) {
        Tensor x = input(function, n);
        Tensor dy = Operand.normal(3, n);
        Tensor dx = Operand.result(n);
        float p = (float) p(function);
        kernels.unaryBackward(function, p, 1.25f, x, dy, false, dx);
        DoubleUnaryOperator f = Reference.of(function, p, 1.25);
        double[] expected = new double[n];
        Arrays.setAll(expected, i -> dy.get(i) * Reference.derivative(f, x.get(i)));
        Operand.assertNear(function + "' of " + n, expected, dx, 1e-6, 1e-8);

        Tensor sum = Operand.filled(10, n);
        kernels.unaryBackward(function, p, 1.25f, x, dy, true, sum);
        double[] more = Arrays.stream(expected).map(e -> e + 10).toArray();
        Operand.assertNear(function + "' of " + n + " added", more, sum, 1e-6, 2e-6);

        kernels.unaryBackward(function, p, 1.25f, x, dy, false, dy);
        assertArrayEquals(Operand.values(dx), Operand.values(dy), function::toString);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void edgesOfFunctionsFollowTheirDefinition(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    float inf = Float.POSITIVE_INFINITY;
    float[] x = {Float.NaN, -inf, inf, 0, -0f, -1, 1, 2, 88, 88.7f, 88.722f, 88.73f, 89, 1000, -87, -88, -100, -103.9f, -104,
        -1000, 3, 0.5f, -2};
    for (Unary function : Unary.values()) {
      Tensor y = Operand.result(x.length);
      kernels.unary(function, -1, 2, Tensor.of(x, x.length), y);
      double[] expected = map(Tensor.of(x, x.length), Reference.of(function, -1, 2));
      Operand.assertNear(function.toString(), expected, y, 3e-7, 1.5e-45);
    }
    Tensor dx = Operand.result(4);
    Tensor ones = Tensor.full(1, 4);
    kernels.unaryBackward(Unary.CLAMP, -1, 2, Tensor.of(new float[] {-1, 2, -1.001f, 2.001f}, 4), ones, false, dx);
    assertArrayEquals(new float[] {1, 1, 0, 0}, Operand.values(dx));
    kernels.unaryBackward(Unary.ABS, 0, 0, Tensor.of(new float[] {0, -0f, 3, -3}, 4), ones, false, dx);
    assertArrayEquals(new float[] {0, 0, 1, -1}, Operand.values(dx));
    kernels.unaryBackward(Unary.POW, 0, 0, Tensor.of(new float[] {0, 1, 2, 3}, 4), ones, false, dx);
    assertArrayEquals(new float[] {0, 0, 0, 0}, Operand.values(dx));
    kernels.unaryBackward(Unary.POW, 1, 0, Tensor.of(new float[] {0, 1, 2, 3}, 4), ones, false, dx);
    assertArrayEquals(new float[] {1, 1, 1, 1}, Operand.values(dx));
  }

  private static final int[][][] BROADCASTS = { // a, b, y
      {{207}, {207}, {207}},
      {{40_000}, {40_000}, {40_000}},
      {{60, 1024}, {1024}, {60, 1024}},
      {{1024}, {60, 1024}, {60, 1024}},
      {{13, 7}, {13, 1}, {13, 7}},
      {{13, 1}, {1, 7}, {13, 7}},
      {{1}, {13, 31}, {13, 31}},
      {{}, {207}, {207}},
      {{207}, {}, {207}},
      {{}, {}, {}},
      {{1}, {1}, {1, 1, 1}},
      {{3, 1, 5}, {1, 4, 1}, {3, 4, 5}},
      {{3, 4, 1, 6}, {4, 5, 1}, {3, 4, 5, 6}},
      {{2, 3, 4}, {2, 3, 4}, {2, 3, 4}},
      {{0, 5}, {5}, {0, 5}},
      {{5, 0}, {1}, {5, 0}},
      {{1, 1}, {1, 1}, {4, 3}},
      {{1, 3}, {1, 3}, {4, 3}},
      {{200, 1, 300}, {300}, {200, 1, 300}},
  };

  @ParameterizedTest
  @EnumSource
  void operandsAreBroadcast(Kind kind) {
    for (Binary function : Binary.values()) {
      for (int[][] shapes : BROADCASTS) {
        Tensor a = Operand.normal(4, shapes[0]);
        Tensor b = Operand.uniform(5, 0.5, 2, shapes[1]);
        Tensor y = Operand.result(shapes[2]);
        kind.kernels().elementwise().binary(function, a, b, y);
        double[] expected = new double[y.shape().length()];
        for (int i = 0; i < expected.length; i++) {
          double left = a.get(index(a, y, i));
          double right = b.get(index(b, y, i));
          expected[i] = switch (function) {
            case ADD -> left + right;
            case SUB -> left - right;
            case MUL -> left * right;
            case DIV -> left / right;
          };
        }
        Operand.assertNear(function + " " + a.shape() + " " + b.shape(), expected, y, 1e-7, 0);
      }
    }
  }

  /** Which element of an operand belongs to element {@code i} of y. */
  private static int index(Tensor operand, Tensor y, int i) {
    int rest = i;
    int index = 0;
    int stride = 1;
    for (int axis = 1; axis <= y.shape().rank(); axis++) {
      int position = rest % y.dim(-axis);
      rest /= y.dim(-axis);
      if (axis <= operand.shape().rank()) {
        index += operand.dim(-axis) == 1 ? 0 : position * stride;
        stride *= operand.dim(-axis);
      }
    }
    return index;
  }

  @ParameterizedTest
  @EnumSource
  void aResultMayBeAnOperand(Kind kind) {
    Tensor a = Operand.normal(4, 9, 31);
    Tensor b = Operand.normal(5, 31);
    Tensor y = Operand.result(9, 31);
    kind.kernels().elementwise().binary(Binary.SUB, a, b, y);
    kind.kernels().elementwise().binary(Binary.SUB, a, b, a);
    assertArrayEquals(Operand.values(y), Operand.values(a));
  }

  @ParameterizedTest
  @EnumSource
  void addScaledAddsAMultiple(Kind kind) {
    for (int n : Operand.SIZES) {
      Tensor x = Operand.normal(6, n);
      Tensor y = Operand.normal(7, n);
      double[] expected = new double[n];
      Arrays.setAll(expected, i -> y.get(i) + (double) -0.3f * x.get(i));
      kind.kernels().elementwise().addScaled(-0.3f, x, y);
      Operand.assertNear("addScaled", expected, y, 1e-7, 1e-7);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whereTakesFromEitherSide(Kind kind) {
    for (int n : Operand.SIZES) {
      Tensor a = Operand.normal(6, n);
      Tensor b = Operand.normal(7, n);
      boolean[] mask = new boolean[n];
      for (int i = 0; i < n; i++) {
        mask[i] = (i * 7 % 5 & 1) == 0;
      }
      double[] expected = new double[n];
      Arrays.setAll(expected, i -> mask[i] ? a.get(i) : b.get(i));
      Tensor y = Operand.result(n);
      kind.kernels().elementwise().where(mask, a, b, y);
      Operand.assertNear("where", expected, y, 0, 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsDoNotChangeBits(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    Tensor x = Operand.normal(2, 123_457);
    Tensor dy = Operand.normal(3, 123_457);
    for (Unary function : Unary.values()) {
      Operand.onAnyThreads(() -> {
        Tensor y = Operand.result(123_457);
        kernels.unary(function, 2, 3, x, y);
        kernels.unaryBackward(function, 2, 3, x, dy, true, y);
        return y;
      });
    }
    Operand.onAnyThreads(() -> {
      Tensor y = Operand.result(123_457);
      kernels.binary(Binary.DIV, x, dy, y);
      return y;
    });
  }

  @ParameterizedTest
  @EnumSource
  void operandsThatDoNotFitAreNamed(Kind kind) {
    ElementwiseKernels kernels = kind.kernels().elementwise();
    Tensor two = Tensor.zeros(2);
    Tensor three = Tensor.zeros(3);
    assertMessage("unary EXP: x is [2], y is [3]; the shapes must be equal", () -> kernels.unary(Unary.EXP, 0, 0, two, three));
    assertMessage("unaryBackward EXP: x is [2], dx is [3]; the shapes must be equal",
        () -> kernels.unaryBackward(Unary.EXP, 0, 0, two, two, false, three));
    assertMessage("binary ADD: the right operand [3] cannot be broadcast to [2]; aligned at the last axis, each size must be "
        + "equal or 1", () -> kernels.binary(Binary.ADD, two, three, two));
    assertMessage("binary ADD: the left operand [1, 2] cannot be broadcast to [2]; aligned at the last axis, each size must be "
        + "equal or 1", () -> kernels.binary(Binary.ADD, Tensor.zeros(1, 2), two, two));
    assertMessage("addScaled: x is [2], y is [3]; the shapes must be equal", () -> kernels.addScaled(1, two, three));
    assertMessage("where: the mask has 1 values, y [2] has 2", () -> kernels.where(new boolean[1], two, two, two));
  }

  private static void assertMessage(String message, org.junit.jupiter.api.function.Executable action) {
    assertEquals(message, assertThrows(ShapeException.class, action).getMessage());
  }
}
