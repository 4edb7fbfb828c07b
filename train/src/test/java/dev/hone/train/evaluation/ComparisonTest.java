package dev.hone.train.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.metric.Bootstrap;
import dev.hone.train.metric.McNemar;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final List<String> LABELS = List.of("no", "yes");
  private static final Bootstrap BOOTSTRAP = new Bootstrap(400, 0.95, 1);

  private static Comparison compare(List<Prediction> first, List<Prediction> second) {
    return Comparison.of(LABELS, first, LABELS, second, BOOTSTRAP);
  }

  private static Prediction one(int line, int truth, double probability) {
    double of = truth == 1 ? probability : 1 - probability;
    return new Prediction.OneClass(Row.of(line, "row"), truth, new double[] {1 - probability, probability}, -Math.log(of));
  }

  @Test
  void rowsAreWonAndLostByTheSecond() {
    List<Prediction> first = List.of(one(1, 1, 0.4), one(2, 1, 0.1), one(3, 0, 0.2), one(4, 1, 0.9), one(5, 0, 0.8));
    List<Prediction> second = List.of(one(5, 0, 0.9), one(1, 1, 0.6), one(2, 1, 0.7), one(3, 0, 0.8), one(4, 1, 0.8),
        one(9, 0, 0.1));
    Comparison comparison = compare(first, second);
    assertEquals(5, comparison.pairs().size());
    assertEquals(1, comparison.unpaired());
    assertEquals(List.of(2, 1), comparison.won().stream().map(pair -> pair.second().row().line()).toList()); // most gained first
    assertEquals(List.of(3), comparison.lost().stream().map(pair -> pair.second().row().line()).toList());
    assertEquals(McNemar.pValue(1, 2), comparison.pValue());
    Comparison.Difference accuracy = comparison.differences().get("accuracy");
    assertEquals(0.4, accuracy.first(), 1e-12);
    assertEquals(0.6, accuracy.second(), 1e-12);
    assertEquals(0.2, accuracy.change().value(), 1e-12);
  }

  @Test
  void aRealDifferenceIsFoundAndTheSameModelHasNone() {
    List<Prediction> weak = Simulated.classes(400, 1, 0.7);
    List<Prediction> strong = Simulated.classes(400, 2, 0.85);
    Comparison better = compare(weak, strong);
    assertTrue(better.differences().get("accuracy").significant());
    assertTrue(better.differences().get("accuracy").change().low() < 0.15
        && better.differences().get("accuracy").change().high() > 0.15);
    assertTrue(better.pValue() < 0.001);
    Comparison same = compare(weak, weak);
    assertEquals(1, same.pValue());
    same.differences().forEach((name, difference) -> {
      assertEquals(new Figure(0, 0, 0), difference.change(), name);
      assertFalse(difference.significant());
    });
  }

  @Test
  void losersAndWinnersOfTextsAreToldByTheirLoss() {
    List<Prediction> first = new ArrayList<>();
    List<Prediction> second = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      first.add(new Prediction.OneText(Row.of(i, "t"), 10, 3, 2 + i % 5, null, null));
      second.add(new Prediction.OneText(Row.of(i, "t"), 10, 5, i < 10 ? 3 + i % 5 : 1.5 + i % 5, null, null));
    }
    Comparison comparison = Comparison.of(List.of(), first, List.of(), second, BOOTSTRAP);
    assertEquals(40, comparison.won().size());
    assertEquals(10, comparison.lost().size());
    Comparison.Difference loss = comparison.differences().get("loss");
    assertEquals(-0.2, loss.change().value(), 1e-9);
    assertTrue(loss.change().low() > -0.5 && loss.change().high() < 0.1, loss.toString()); // 0.2 ± 2 · 0.6 / √50, paired
    assertEquals(0.2, comparison.differences().get("token_accuracy").change().value(), 1e-9);
  }

  @Test
  void whatCannotBeComparedIsRefused() {
    List<Prediction> rows = List.of(one(1, 1, 0.5));
    assertTrue(assertThrows(IllegalArgumentException.class, () -> compare(rows, List.of(one(2, 1, 0.5)))).getMessage()
        .contains("no row in common"));
    assertTrue(assertThrows(IllegalArgumentException.class, () -> compare(rows, List.of(one(1, 0, 0.5)))).getMessage()
        .contains("the true answer to line 1"));
    assertTrue(assertThrows(IllegalArgumentException.class,
        () -> Comparison.of(LABELS, rows, List.of("up", "down"), rows, BOOTSTRAP)).getMessage().contains("no, yes and up, down"));
    assertThrows(IllegalArgumentException.class, () -> compare(rows, List.of(new Prediction.OneNumber(Row.of(1, "row"), 1, 2))));
  }
}
