package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitTest {
  @ParameterizedTest
  @CsvSource({"0.1,100", "0.25,250", "37,37", "0.0333,33"})
  void everyLabelGivesItsShare(double size, int expected) {
    Dataset<Example.Labelled> data = data(700, 200, 100);
    Split split = Split.stratified(data, size, 1);
    assertEquals(expected, split.heldOut().length);
    assertEquals(1000 - expected, split.train().length);
    for (String label : List.of("0", "1", "2")) {
      double exact = expected * (label.equals("0") ? 0.7 : label.equals("1") ? 0.2 : 0.1);
      long held = Arrays.stream(split.heldOut()).filter(i -> data.row(i).label().equals(label)).count();
      assertTrue(Math.abs(held - exact) < 1, label + ": " + held + " of " + exact);
    }
    int[] all = IntStream.concat(Arrays.stream(split.train()), Arrays.stream(split.heldOut())).sorted().toArray();
    assertArrayEquals(IntStream.range(0, 1000).toArray(), all);
  }

  @Test
  void theSeedAloneDecides() {
    Dataset<Example.Labelled> data = data(50, 50);
    assertArrayEquals(Split.stratified(data, 0.2, 3).heldOut(), Split.stratified(data, 0.2, 3).heldOut());
    assertFalse(Arrays.equals(Split.stratified(data, 0.2, 3).heldOut(), Split.stratified(data, 0.2, 4).heldOut()));
  }

  @Test
  void copiesOfATextStayTogether() {
    List<Example.Labelled> rows = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      rows.add(new Example.Labelled(i % 2 == 0 ? "Text  " + i / 6 : " text " + i / 6 + " ", i % 3 == 0 ? "a" : "b"));
    }
    Dataset<Example.Labelled> data = Dataset.of("copies", rows);
    for (int seed = 0; seed < 20; seed++) {
      Split split = Split.stratified(data, 0.3, seed);
      Set<Integer> seen = new HashSet<>();
      Arrays.stream(split.train()).forEach(i -> seen.add(i / 6));
      assertTrue(Arrays.stream(split.heldOut()).noneMatch(i -> seen.contains(i / 6)), "seed " + seed);
      assertTrue(split.heldOut().length > 70 && split.heldOut().length <= 90, split.heldOut().length + " rows");
    }
  }

  @Test
  void everyLabelKeepsARowForTraining() {
    Dataset<Example.Labelled> data = data(10, 1, 2);
    for (int seed = 0; seed < 20; seed++) {
      Split split = Split.stratified(data, 0.7, seed);
      assertEquals(3, Arrays.stream(split.train()).mapToObj(i -> data.row(i).label()).distinct().count());
    }
  }

  @Test
  void impossibleSizesAreRefused() {
    Dataset<Example.Labelled> data = data(5, 5);
    for (double size : new double[] {0, -0.5, 10, 11, 1.5, Double.NaN}) {
      assertThrows(DataException.class, () -> Split.stratified(data, size, 1), "size " + size);
    }
    assertEquals("rows: cannot hold out 10 of 10 rows; give a share between 0 and 1 or a number of rows below 10",
        assertThrows(DataException.class, () -> Split.stratified(data, 10, 1)).getMessage());
  }

  @Test
  void anEmptySideIsRefusedNamingTheTextThatIsShared() {
    List<Example.Language> same = Collections.nCopies(16, new Example.Completion("Say a colour.", "red"));
    assertEquals("rows: cannot hold out 2 of 16 rows: those with the same text stay together, and 16 have 'Say a colour.'; "
        + "--val-size 0 holds none out, --eval-data names rows to measure on",
        refusal(() -> Split.random(Dataset.of("rows", same), 0.1, 1)));
    List<Example.Labelled> two = IntStream.range(0, 16)
        .mapToObj(i -> new Example.Labelled((i < 9 ? "long " : "short ") + "x".repeat(80), i < 9 ? "a" : "b")).toList();
    assertTrue(refusal(() -> Split.stratified(Dataset.of("rows", two), 0.2, 1))
        .contains("and 9 have 'long " + "x".repeat(55) + "...'; --val-size 0"));
    assertTrue(refusal(() -> Split.stratified(data(1, 1, 1, 1), 1, 1))
        .contains("each is the only one of its label; --val-size 0"));
    assertEquals("rows: 0.1 of 4 rows is none; hold out a number of rows (--val-size 1), or none (--val-size 0)",
        refusal(() -> Split.stratified(data(2, 2), 0.1, 1)));
    assertEquals("rows: 0.9 of 3 rows is all; hold out a number of rows (--val-size 1), or none (--val-size 0)",
        refusal(() -> Split.lastRows(data(3), 0.9)));
    assertEquals(1, Split.stratified(data(2, 2), 1, 1).heldOut().length);
  }

  private static String refusal(Executable split) {
    return assertThrows(DataException.class, split).getMessage();
  }

  private static Dataset<Example.Labelled> data(int... counts) {
    List<Example.Labelled> rows = new ArrayList<>();
    for (int label = 0; label < counts.length; label++) {
      for (int i = 0; i < counts[label]; i++) {
        rows.add(new Example.Labelled("row " + label + " " + i, Integer.toString(label)));
      }
    }
    return Dataset.of("rows", rows);
  }
}
