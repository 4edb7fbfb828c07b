package dev.hone.train.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.metric.Bootstrap;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SlicesTest {
  private static final List<String> LABELS = List.of("no", "yes");

  private static Evaluation evaluation(int rows, double... right) {
    return Evaluation.of(LABELS, Simulated.classes(rows, 1, right), new Bootstrap(400, 0.95, 1));
  }

  @Test
  void theGapIsThatOfTheBestAndTheWorstGroup() {
    Evaluation all = evaluation(900, 0.9, 0.9, 0.8, 0.8, 0.6, 0.6);
    List<String> groups = IntStream.range(0, 900).mapToObj(i -> List.of("a", "b", "c").get(i % 6 / 2)).toList();
    Slices slices = Slices.of("kind", groups, all);
    assertEquals(List.of("a", "b", "c"), slices.groups().stream().map(Slices.Group::value).toList());
    slices.groups().forEach(group -> assertEquals(300, group.rows()));
    Slices.Gap gap = slices.gaps().get("accuracy");
    assertEquals("a", gap.best());
    assertEquals("c", gap.worst());
    assertEquals(slices.groups().get(0).figures().get("accuracy").value()
        - slices.groups().get(2).figures().get("accuracy").value(), gap.figure().value(), 1e-12);
    assertTrue(gap.figure().low() > 0.1 && gap.figure().low() < 0.3 && gap.figure().high() > 0.3 && gap.figure().high() < 0.5,
        gap.toString());
    assertEquals("a", slices.gaps().get("loss").best()); // less of it is better
    assertTrue(slices.gaps().get("loss").figure().value() > 0);
    assertEquals(all.figure("accuracy").value(), slices.groups().stream()
        .mapToDouble(group -> group.figures().get("accuracy").value()).average().orElseThrow(), 1e-12);
  }

  @Test
  void gapsOfEqualGroupsSeldomExcludeZero() {
    int found = 0;
    for (int s = 0; s < 40; s++) {
      Evaluation all = Evaluation.of(LABELS, Simulated.classes(200, 100 + s, 0.8), new Bootstrap(100, 0.95, s));
      Slices slices = Slices.of("coin", IntStream.range(0, 200).mapToObj(i -> i / 2 % 2 == 0 ? "a" : "b").toList(), all);
      found += slices.gaps().get("accuracy").figure().low() > 0 ? 1 : 0;
    }
    assertTrue(found <= 6, found + " of 40 (5 % are expected)"); // more than 6 have a chance of 0.3 %
  }

  @Test
  void smallGroupsAreShownAndDoNotCompete() {
    List<String> groups = IntStream.range(0, 100).mapToObj(i -> i < 5 ? "few" : i % 2 == 0 ? "even" : "odd").toList();
    Slices slices = Slices.of("g", groups, evaluation(100, 0.8));
    assertEquals(3, slices.groups().size());
    slices.gaps().values().forEach(gap -> assertTrue(!gap.best().equals("few") && !gap.worst().equals("few"), gap.toString()));
    List<String> two = IntStream.range(0, 30).mapToObj(i -> i < 19 ? "x" : "").toList();
    assertTrue(Slices.of("g", two, evaluation(30, 0.8)).gaps().isEmpty());
  }

  @Test
  void numbersStandInTheirOrderAndManyOfThemBecomeQuarters() {
    Slices few = Slices.of("n", IntStream.range(0, 100).mapToObj(i -> Integer.toString(i % 3 * 10)).toList(),
        evaluation(100, 0.8));
    assertEquals(List.of("0", "10", "20"), few.groups().stream().map(Slices.Group::value).toList());
    Slices many = Slices.of("n", IntStream.range(0, 100).mapToObj(i -> i == 7 ? "" : Integer.toString(i)).toList(),
        evaluation(100, 0.8));
    assertEquals(List.of("", "Q1: 0 to below 25", "Q2: 25 to below 50", "Q3: 50 to below 75",
        "Q4: 75 to 99"), many.groups().stream().map(Slices.Group::value).toList());
    assertEquals(List.of(1, 24, 25, 25, 25), many.groups().stream().map(Slices.Group::rows).toList());
  }

  @Test
  void aFigureThatAGroupDoesNotHaveIsLeftOutOfItsGap() {
    List<Prediction.OneText> texts = IntStream.range(0, 90).mapToObj(i -> new Prediction.OneText(Row.of(i, "t"), 10, i % 3,
        1 + i % 3, "a b", i % 3 == 0 ? null : i % 3 == 1 ? "a b" : "c")).toList();
    Slices slices = Slices.of("g", IntStream.range(0, 90).mapToObj(i -> "g" + i % 3).toList(),
        Evaluation.of(List.of(), texts, new Bootstrap(50, 0.95, 1)));
    assertTrue(Double.isNaN(slices.groups().getFirst().figures().get("exact_match").value()));
    Slices.Gap gap = slices.gaps().get("exact_match");
    assertEquals(List.of("g1", "g2"), List.of(gap.best(), gap.worst()));
    assertEquals(1, gap.figure().value());
    assertEquals("g0", slices.gaps().get("loss").best());
  }

  @Test
  void columnsThatCannotBeGroupedAreRefused() {
    Evaluation all = evaluation(150, 0.8);
    String message = assertThrows(IllegalArgumentException.class, () -> Slices.of("id",
        IntStream.range(0, 150).mapToObj(i -> "id" + i).toList(), all)).getMessage();
    assertTrue(message.contains("column 'id' has 150 different values"), message);
    assertThrows(IllegalArgumentException.class, () -> Slices.of("g", List.of("a"), all));
  }
}
