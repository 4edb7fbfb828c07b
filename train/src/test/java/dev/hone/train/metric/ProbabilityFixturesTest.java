package dev.hone.train.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.fixture.ReferenceCases;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

class ProbabilityFixturesTest {
  private static final double TOLERANCE = 1e-12;

  @TestFactory
  @Tag("fixtures")
  Stream<DynamicTest> probabilitiesAgreeWithScikitLearn() {
    return ReferenceCases.tests("metrics_more/metrics_more.json", all -> all.get("classification").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("name").asString(), () -> {
          int[] truth = ReferenceCases.ints(c.get("true"));
          double[][] probabilities = ReferenceCases.matrix(c.get("probabilities"));
          ProbabilityScores scores = new ProbabilityScores(truth, probabilities);
          ConfusionMatrix matrix = ConfusionMatrix.of(truth, scores.predicted(), probabilities[0].length);
          assertEquals(c.get("accuracy").asDouble(), matrix.accuracy(), TOLERANCE);
          assertEquals(c.get("balanced_accuracy").asDouble(), matrix.balancedAccuracy(), TOLERANCE);
          assertEquals(c.get("matthews").asDouble(), matrix.matthews(), TOLERANCE);
          assertEquals(c.get("ece_15").asDouble(), scores.calibrationError(15), TOLERANCE);
          assertEquals(c.get("log_loss").asDouble(), scores.logLoss(), TOLERANCE);
          where(c, "auroc", scores.auroc());
          where(c, "auroc_ovr_macro", scores.auroc());
          where(c, "average_precision", scores.averagePrecision());
          where(c, "average_precision_macro", scores.averagePrecision());
          if (c.has("brier")) {
            assertEquals(c.get("brier").asDouble(), scores.brier(), TOLERANCE);
          }
        })));
  }

  @TestFactory
  @Tag("fixtures")
  Stream<DynamicTest> mcNemarAgrees() {
    return ReferenceCases.tests("metrics_more/metrics_more.json", all -> all.get("mcnemar").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("b") + " against " + c.get("c"), () -> assertEquals(c.get("p").asDouble(),
            McNemar.pValue(c.get("b").asLong(), c.get("c").asLong()), 1e-10))));
  }

  @Test
  void mcNemarOfManyRowsDoesNotUnderflow() {
    double p = McNemar.pValue(5000, 5200);
    assertEquals(0.0488, p, 0.001); // normal approximation with continuity correction: z = 199 / sqrt(10200)
    assertTrue(McNemar.pValue(0, 3000) >= 0);
  }

  @Test
  void aClassWithoutRowsHasNoCurve() {
    boolean[] none = {false, false};
    assertEquals(Double.NaN, Ranking.auroc(none, new double[] {0.1, 0.2}));
    assertEquals(Double.NaN, Ranking.averagePrecision(none, new double[] {0.1, 0.2}));
    assertThrows(IllegalArgumentException.class, () -> Ranking.auroc(none, new double[] {0.1, Double.NaN}));
  }

  @Test
  void binsIncludeTheirUpperBound() {
    double[][] probabilities = {{0.6, 0.4}, {0.8, 0.2}, {1.0, 0.0}, {0.5, 0.5}};
    var curve = new ProbabilityScores(new int[] {0, 0, 0, 1}, probabilities).reliability(5);
    assertEquals(new ProbabilityScores.Bin(0.4, 0.6, 2, 0.55, 0.5), curve.get(0));
    assertEquals(new ProbabilityScores.Bin(3 / 5.0, 0.8, 1, 0.8, 1), curve.get(1));
    assertEquals(new ProbabilityScores.Bin(0.8, 1.0, 1, 1, 1), curve.get(2));
  }

  private static void where(JsonNode c, String name, double actual) {
    if (c.has(name)) {
      assertEquals(c.get(name).asDouble(), actual, TOLERANCE, name);
    }
  }
}
