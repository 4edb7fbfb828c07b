package dev.hone.train.encode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingBatchTest {
  private static final List<int[]> TOKENS = List.of(new int[] {7, 8, 9}, new int[] {4, 5}, new int[] {6});

  private static TrainingSet set(Target... targets) {
    return new TrainingSet(TOKENS, null, List.of(targets));
  }

  @Test
  void rowsAreMadeOnceInTheOrderAsked() {
    TrainingBatch batch = set(new Target.OneClass(3), new Target.OneClass(1), new Target.OneClass(2)).batch(new int[] {2, 0});
    assertSame(batch.tokens(), batch.tokens());
    assertArrayEquals(new int[] {6, 7, 8, 9}, batch.tokens().tokens());
    assertArrayEquals(new int[] {0, 1, 4}, batch.tokens().offsets());
    assertArrayEquals(new int[] {2, 3}, batch.classes());
    assertArrayEquals(new int[] {7, 8, 9}, batch.ids(1));
    assertEquals(2, batch.size());
    assertEquals(4, batch.tokenCount());
  }

  @Test
  void theFirstTokenOfARowIsNeverLearnt() {
    TrainingBatch batch = set(new Target.LearntTokens(new boolean[] {true, false, true}),
        new Target.LearntTokens(new boolean[] {true, true}), new Target.LearntTokens(new boolean[] {true}))
        .batch(new int[] {0, 1, 2});
    int[] expected = {-1, -1, 9, -1, 5, -1};
    assertArrayEquals(expected, batch.labels());
    batch.labels()[2] = 0;
    assertArrayEquals(expected, batch.labels(), "what is handed out is a copy");
    assertEquals(2, batch.learnt());
  }

  @Test
  void numbersAndSharesOfLabelsAreOneRowAfterTheOther() {
    assertArrayEquals(new float[] {0.5f, 2, 1, 3}, set(new Target.Numbers(new float[] {1, 3}),
        new Target.Numbers(new float[] {0.5f, 2}), new Target.Numbers(new float[] {0, 0})).batch(new int[] {1, 0}).values());
    assertArrayEquals(new float[] {0, 1}, set(new Target.SomeLabels(new float[] {0, 1}), new Target.OneClass(1),
        new Target.OneClass(1)).batch(new int[] {0}).values());
  }

  @Test
  void rowsOfAnotherTaskAreRefusedByName() {
    TrainingSet set = set(new Target.OneClass(0), new Target.Numbers(new float[] {1}), new Target.OneClass(0));
    assertEquals("row 1 of the training set has a target Numbers, this objective learns from OfClass: the rows were encoded "
        + "for another task", assertThrows(IllegalArgumentException.class, set.batch(new int[] {0, 1})::classes).getMessage());
    assertEquals("row 2 of the training set has a target OneClass, this objective learns from SomeLabels or Numbers: the rows "
        + "were encoded for another task",
        assertThrows(IllegalArgumentException.class, set.batch(new int[] {2})::values).getMessage());
    assertThrows(IllegalArgumentException.class, set.batch(new int[] {0})::labels);
    assertThrows(IllegalArgumentException.class, () -> set.target(0, Target.Numbers.class));
  }

  /** SHA-256 of what Python's struct packs: lengths, ids, and targets as big-endian floats. Runs are resumed by it. */
  @Test
  void fingerprintsAreThoseThatOlderCheckpointsHave() {
    assertEquals("b071c1f8a7f1098e5950b530895c7d33c231ec504fa9eea315847cbf0925ed6b",
        set(new Target.OneClass(3), new Target.OneClass(1), new Target.OneClass(2)).fingerprint(null));
    assertEquals("d986a4ca4609ecb457489bc10ab77d01afa59353a8e1f40a8439543e2823c83a",
        set(new Target.LearntTokens(new boolean[] {true, false, true}),
            new Target.LearntTokens(new boolean[] {true, true}), new Target.LearntTokens(new boolean[] {true}))
            .fingerprint(null));
  }
}
