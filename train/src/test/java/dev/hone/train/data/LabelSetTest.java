package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LabelSetTest {
  @Test
  void numbersComeByValueAndNamesByCharacter() {
    assertEquals(List.of("-1", "0", "2", "10"), LabelSet.of(data("10", "2", "-1", "0", "2")).names());
    assertEquals(List.of("3", "Zoo", "apple", "zoo"), LabelSet.of(data("zoo", "apple", "3", "Zoo")).names());
  }

  @Test
  void theOrderOfRowsDoesNotMatter() {
    List<String> labels = new ArrayList<>(List.of("b", "a", "12", "c", "2", "1.5", "a"));
    List<String> expected = LabelSet.of(data(labels.toArray(String[]::new))).names();
    for (int seed = 0; seed < 20; seed++) {
      Collections.shuffle(labels, new Random(seed));
      assertEquals(expected, LabelSet.of(data(labels.toArray(String[]::new))).names());
    }
  }

  @Test
  void idsFollowTheSetAndUnknownLabelsNameTheirRow() {
    LabelSet set = new LabelSet(List.of("neg", "pos"));
    assertArrayEquals(new int[] {1, 0, 1}, set.ids(data("pos", "neg", "pos")));
    assertEquals(Map.of(0, "neg", 1, "pos"), set.id2label());
    assertEquals(Map.of("neg", 0, "pos", 1), set.label2id());
    assertEquals("test line 2: label 'neutral' is not known to the model; known labels: neg, pos",
        assertThrows(DataException.class, () -> set.ids(data("pos", "neutral"))).getMessage());
  }

  @Test
  void oneLabelIsNotEnoughToLearnFrom() {
    assertEquals("test: has only one label ('x'); a classifier needs at least two",
        assertThrows(DataException.class, () -> LabelSet.of(data("x", "x"))).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new LabelSet(List.of("a", "a")));
  }

  private static Dataset<Example.Labelled> data(String... labels) {
    List<Example.Labelled> rows = new ArrayList<>();
    for (int i = 0; i < labels.length; i++) {
      rows.add(new Example.Labelled("text " + i, labels[i]));
    }
    return Dataset.of("test", rows);
  }
}
