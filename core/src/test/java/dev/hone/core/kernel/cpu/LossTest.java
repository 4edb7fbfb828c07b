package dev.hone.core.kernel.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.LossKernels;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Cross-entropy with every option. */
class LossTest {
  private static final int[][] SHAPES = {{0, 5}, {1, 1}, {5, 2}, {7, 3}, {9, 8}, {8, 13}, {6, 31}, {40, 207}, {5, 1024},
      {4, 50_257}};

  private static int[] labels(int rows, int v) {
    int[] labels = new int[rows];
    Arrays.setAll(labels, i -> i % 4 == 3 ? -100 : i * 7 % v);
    return labels;
  }

  /** The loss of one row as the interface defines it. */
  private static double loss(double[] z, int label, Tensor weights, double smoothing, double zLoss) {
    double max = Arrays.stream(z).max().orElseThrow();
    double lse = max + Math.log(Arrays.stream(z).map(v -> Math.exp(v - max)).sum());
    double loss = (1 - smoothing) * weight(weights, label) * (lse - z[label]) + zLoss * lse * lse;
    for (int j = 0; j < z.length; j++) {
      loss += smoothing / z.length * weight(weights, j) * (lse - z[j]);
    }
    return loss;
  }

  private static double weight(Tensor weights, int label) {
    return weights == null ? 1 : weights.get(label);
  }

  private static double[] row(Tensor logits, int row) {
    int v = logits.shape().columns();
    return Arrays.copyOfRange(Operand.doubles(logits), row * v, row * v + v);
  }

  @ParameterizedTest
  @EnumSource
  void lossesAgreeWithTheirDefinition(Kind kind) {
    for (int[] shape : SHAPES) {
      for (int options = 0; options < 8; options++) {
        Tensor logits = Operand.uniform(1, -8, 8, shape);
        Tensor weights = (options & 1) == 0 ? null : Operand.uniform(2, 0.2, 3, shape[1]);
        float smoothing = (options & 2) == 0 ? 0 : 0.1f;
        float zLoss = (options & 4) == 0 ? 0 : 0.01f;
        int[] labels = labels(shape[0], shape[1]);
        Tensor losses = Operand.result(shape[0]);
        float[] before = Operand.values(logits);
        kind.kernels().loss().crossEntropy(logits, labels, weights, smoothing, zLoss, false, 7, losses);
        assertArrayEquals(before, Operand.values(logits), "logits are left alone");
        double[] expected = new double[shape[0]];
        for (int i = 0; i < expected.length; i++) {
          expected[i] = labels[i] < 0 ? 0 : loss(row(logits, i), labels[i], weights, smoothing, zLoss);
        }
        String what = "loss of " + logits.shape() + ", options " + options;
        Operand.assertNear(what, expected, losses, 1e-6, 2e-6);

        Tensor again = Operand.result(shape[0]);
        kind.kernels().loss().crossEntropy(logits, labels, weights, smoothing, zLoss, true, 7, again);
        Operand.assertNear(what + " with gradient", expected, again, 1e-6, 2e-6);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradientsAgreeWithCentralDifferences(Kind kind) {
    for (int[] shape : new int[][] {{1, 1}, {5, 2}, {7, 3}, {9, 8}, {8, 13}, {6, 31}, {4, 207}}) {
      for (int options = 0; options < 8; options++) {
        Tensor logits = Operand.uniform(1, -4, 4, shape);
        Tensor weights = (options & 1) == 0 ? null : Operand.uniform(2, 0.2, 3, shape[1]);
        float smoothing = (options & 2) == 0 ? 0 : 0.1f;
        float zLoss = (options & 4) == 0 ? 0 : 0.01f;
        int[] labels = labels(shape[0], shape[1]);
        double[] expected = new double[shape[0] * shape[1]];
        for (int i = 0; i < expected.length; i++) {
          int label = labels[i / shape[1]];
          if (label >= 0) {
            double[] z = row(logits, i / shape[1]);
            double centre = z[i % shape[1]];
            z[i % shape[1]] = centre + 1e-5;
            double above = loss(z, label, weights, smoothing, zLoss);
            z[i % shape[1]] = centre - 1e-5;
            expected[i] = 0.25 * (above - loss(z, label, weights, smoothing, zLoss)) / 2e-5;
          }
        }
        kind.kernels().loss().crossEntropy(logits, labels, weights, smoothing, zLoss, true, 0.25f, Operand.result(shape[0]));
        Operand.assertNear("gradient " + logits.shape() + ", options " + options, expected, logits, 2e-6, 1e-7);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void maskedClassesHaveProbabilityZero(Kind kind) {
    float[] z = new float[20];
    Arrays.fill(z, Float.NEGATIVE_INFINITY);
    z[4] = 500;
    z[9] = 500;
    Tensor losses = Operand.result(1);
    Tensor logits = Tensor.of(z, 1, 20);
    kind.kernels().loss().crossEntropy(logits, new int[] {4}, null, 0, 0, true, 1, losses);
    assertEquals(Math.log(2), losses.item(), 1e-6);
    float[] expected = new float[20];
    expected[4] = -0.5f;
    expected[9] = 0.5f;
    assertArrayEquals(expected, logits.toFloatArray());
  }

  @ParameterizedTest
  @EnumSource
  void threadsDoNotChangeBits(Kind kind) {
    Tensor logits = Operand.normal(1, 60, 5003);
    int[] labels = labels(60, 5003);
    Operand.onAnyThreads(() -> {
      Tensor work = Operand.copy(logits);
      Tensor losses = Operand.result(60);
      kind.kernels().loss().crossEntropy(work, labels, null, 0.1f, 1e-4f, true, 0.5f, losses);
      for (int i = 0; i < 60; i++) {
        work.array()[work.offset() + i] += losses.get(i);
      }
      return work;
    });
  }

  @ParameterizedTest
  @EnumSource
  void labelsThatDoNotFitAreNamed(Kind kind) {
    LossKernels loss = kind.kernels().loss();
    Tensor logits = Tensor.zeros(2, 5);
    Tensor losses = Tensor.zeros(2);
    assertEquals("crossEntropy: the label of row 1 is 5, logits [2, 5] have classes 0 to 4",
        assertThrows(IllegalArgumentException.class,
            () -> loss.crossEntropy(logits, new int[] {4, 5}, null, 0, 0, true, 1, losses)).getMessage());
    assertEquals("crossEntropy: 3 labels for the 2 rows of logits [2, 5]", assertThrows(ShapeException.class,
        () -> loss.crossEntropy(logits, new int[3], null, 0, 0, true, 1, losses)).getMessage());
    assertEquals("crossEntropy: classWeights is [4], which has 4 elements; it must have 5, one per class",
        assertThrows(ShapeException.class,
            () -> loss.crossEntropy(logits, new int[2], Tensor.zeros(4), 0, 0, true, 1, losses)).getMessage());
  }
}
