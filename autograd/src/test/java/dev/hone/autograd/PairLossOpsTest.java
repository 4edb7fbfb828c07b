package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import org.junit.jupiter.api.Test;

/** Losses of pairs where they are easily worked out by hand, and at their edges. */
class PairLossOpsTest {
  private static Parameter leaf(float[] values, int... dims) {
    return Variable.leaf(Tensor.of(values, dims));
  }

  @Test
  void cosentCountsPairsInTheWrongOrderAndNoTies() {
    Parameter s = leaf(new float[] {1, 0, 5}, 3);
    Variable loss = PairLossOps.cosent(s, new float[] {0, 1, 1}, 1); // pairs: (0, 1) by 1, (0, 2) by -4
    assertEquals(Math.log(1 + Math.E + Math.exp(-4)), loss.value().item(), 1e-6);
    loss.backward();
    double all = 1 + Math.E + Math.exp(-4);
    float[] slopes = {(float) ((Math.E + Math.exp(-4)) / all), (float) (-Math.E / all), (float) (-Math.exp(-4) / all)};
    assertArrayEquals(slopes, s.gradient().toFloatArray(), 1e-6f);
    assertEquals(0, PairLossOps.cosent(leaf(new float[] {3, 1}, 2), new float[] {0.5f, 0.5f}, 1).value().item());
    assertEquals(400, PairLossOps.cosent(leaf(new float[] {200, -200}, 2), new float[] {0, 1}, 1).value().item(), 1e-4,
        "no overflow");
  }

  @Test
  void contrastiveAndTripletRestBeyondTheirMargins() {
    Variable contrastive = PairLossOps.contrastive(leaf(new float[] {0.2f, 0.2f, 0.9f}, 3), new float[] {1, 0, 0}, 0.5f, 1);
    assertEquals(0.5 * (0.04 + 0.09), contrastive.value().item(), 1e-6);
    assertEquals(0.3, PairLossOps.triplet(leaf(new float[] {0.4f, 0.1f}, 2), leaf(new float[] {0.6f, 0.9f}, 2), 0.5f, 1)
        .value().item(), 1e-6);
  }

  @Test
  void equalAndEmptyVectorsHaveAFiniteGradient() {
    Parameter a = leaf(new float[] {1, 2, 0, 0}, 2, 2);
    Variable b = Variable.constant(Tensor.of(new float[] {1, 2, 3, 4}, 2, 2));
    Variable distance = SimilarityOps.euclidean(a, b, 0);
    assertArrayEquals(new float[] {0, 5}, distance.value().toFloatArray(), 1e-6f);
    distance.sum().backward();
    assertArrayEquals(new float[] {0, 0, -0.6f, -0.8f}, a.gradient().toFloatArray(), 1e-6f);
    Parameter zero = leaf(new float[] {0, 0, 3, 4}, 2, 2);
    Variable cosine = SimilarityOps.cosine(zero, b);
    assertArrayEquals(new float[] {0, 1}, cosine.value().toFloatArray(), 1e-6f);
    cosine.sum().backward();
    for (float slope : zero.gradient().toFloatArray()) {
      assertEquals(true, Float.isFinite(slope));
    }
  }

  @Test
  void wrongShapesAreRefused() {
    assertEquals("cosine: takes pairs of rows of the same width, got [1, 2] and [2, 1]", assertThrows(ShapeException.class,
        () -> SimilarityOps.cosine(leaf(new float[2], 1, 2), leaf(new float[2], 2, 1))).getMessage());
    assertEquals("cosent: 1 targets for [2]", assertThrows(ShapeException.class,
        () -> PairLossOps.cosent(leaf(new float[2], 2), new float[1], 1)).getMessage());
    assertEquals("max: range 0 goes from 0 to 3 in [2, 1]", assertThrows(ShapeException.class,
        () -> PoolOps.max(leaf(new float[2], 2, 1), new int[] {0}, new int[] {3})).getMessage());
    assertEquals("weightedSum: 1 weights for the rows of [2, 1]", assertThrows(ShapeException.class,
        () -> PoolOps.weightedSum(leaf(new float[2], 2, 1), new int[] {0}, new int[] {2}, new float[1])).getMessage());
  }
}
