package dev.hone.train.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {
  private static final ConfusionMatrix MATRIX = ConfusionMatrix.of(new int[] {0, 0, 0, 1, 1, 2}, new int[] {0, 0, 1, 1, 0, 1}, 4);

  @Test
  void scoresFollowFromTheCounts() {
    assertEquals(6, MATRIX.total());
    assertEquals(0.5, MATRIX.accuracy(), 1e-15);
    assertEquals(new Scores(2 / 3.0, 2 / 3.0, 2 / 3.0), MATRIX.scores(0));
    assertEquals(new Scores(1 / 3.0, 0.5, 0.4), MATRIX.scores(1));
    assertEquals(new Scores(0, 0, 0), MATRIX.scores(2));
    assertEquals((2 / 3.0 + 0.5 + 0) / 3, MATRIX.balancedAccuracy(), 1e-15);
  }

  @Test
  void aClassThatNeverOccursDoesNotLowerTheMean() {
    assertEquals((2 / 3.0 + 0.4 + 0) / 3, MATRIX.scores(Average.MACRO).f1(), 1e-15);
    assertEquals((3 * 2 / 3.0 + 2 * 0.4) / 6, MATRIX.scores(Average.WEIGHTED).f1(), 1e-15);
    assertEquals(MATRIX.accuracy(), MATRIX.scores(Average.MICRO).f1(), 1e-15);
  }

  @Test
  void classesOutOfRangeAreNamed() {
    assertEquals("ConfusionMatrix: row 1 has class 0, prediction 2; classes are 0 to 1",
        assertThrows(IllegalArgumentException.class, () -> ConfusionMatrix.of(new int[] {0, 0}, new int[] {1, 2}, 2))
        .getMessage());
    assertThrows(IllegalArgumentException.class, () -> ConfusionMatrix.of(new int[1], new int[2], 2));
  }

  @Test
  void noRowsGiveZeros() {
    ConfusionMatrix empty = ConfusionMatrix.of(new int[0], new int[0], 3);
    assertEquals(0, empty.accuracy());
    assertEquals(0, empty.matthews());
    assertEquals(new Scores(0, 0, 0), empty.scores(Average.MACRO));
  }
}
