package dev.hone.train.metric;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.train.fixture.ReferenceCases;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Against scikit-learn and SciPy. */
@Tag("fixtures")
class ClassificationFixturesTest {
  private static final double TOLERANCE = 1e-12;

  @TestFactory
  Stream<DynamicTest> confusionMatrixAgrees() {
    return ReferenceCases.tests("metrics/metrics.json", all -> all.get("classification").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("name").asString(), () -> classification(c))));
  }

  private static void classification(JsonNode expected) {
    List<Integer> labels = IntStream.of(ReferenceCases.ints(expected.get("labels"))).boxed().toList();
    ConfusionMatrix matrix = ConfusionMatrix.of(
        IntStream.of(ReferenceCases.ints(expected.get("true"))).map(labels::indexOf).toArray(),
        IntStream.of(ReferenceCases.ints(expected.get("predicted"))).map(labels::indexOf).toArray(), labels.size());
    assertEquals(expected.get("accuracy").asDouble(), matrix.accuracy(), TOLERANCE);
    assertEquals(expected.get("matthews").asDouble(), matrix.matthews(), TOLERANCE);
    for (int i = 0; i < labels.size(); i++) {
      for (int j = 0; j < labels.size(); j++) {
        assertEquals(expected.get("confusion_matrix").get(i).get(j).asLong(), matrix.count(i, j));
      }
      JsonNode perClass = expected.get("per_class");
      assertEquals(perClass.get("precision").get(i).asDouble(), matrix.scores(i).precision(), TOLERANCE);
      assertEquals(perClass.get("recall").get(i).asDouble(), matrix.scores(i).recall(), TOLERANCE);
      assertEquals(perClass.get("f1").get(i).asDouble(), matrix.scores(i).f1(), TOLERANCE);
      assertEquals(perClass.get("support").get(i).asLong(), matrix.support(i));
    }
    averages(expected, matrix::scores);
  }

  @TestFactory
  Stream<DynamicTest> multiLabelAgrees() {
    return ReferenceCases.tests("metrics_more/metrics_more.json", all -> all.get("multi_label").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("name").asString(), () -> multiLabel(c))));
  }

  private static void multiLabel(JsonNode expected) {
    MultiLabelScores scores = MultiLabelScores.of(flags(expected.get("true")), flags(expected.get("predicted")));
    assertEquals(expected.get("subset_accuracy").asDouble(), scores.subsetAccuracy(), TOLERANCE);
    assertEquals(expected.get("hamming_loss").asDouble(), scores.hammingLoss(), TOLERANCE);
    if (expected.has("samples")) {
      averages(expected, scores::scores);
      same(expected.get("samples"), scores.samples());
    }
  }

  @TestFactory
  Stream<DynamicTest> regressionAgrees() {
    return ReferenceCases.tests("metrics_more/metrics_more.json", all -> all.get("regression").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("name").asString(), () -> {
          RegressionScores scores = RegressionScores.of(ReferenceCases.doubles(c.get("true")),
              ReferenceCases.doubles(c.get("predicted")));
          close(c.get("mse"), scores.mse());
          close(c.get("rmse"), scores.rmse());
          close(c.get("mae"), scores.mae());
          close(c.get("r2"), scores.r2());
          close(c.get("pearson"), scores.pearson());
          close(c.get("spearman"), scores.spearman());
        })));
  }

  @TestFactory
  Stream<DynamicTest> perplexityAgrees() {
    return ReferenceCases.tests("metrics/metrics.json", all -> all.get("perplexity").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("tokens").asInt() + " tokens", () -> {
          double[][] logits = ReferenceCases.matrix(c.get("logits"));
          int[] labels = ReferenceCases.ints(c.get("labels"));
          Perplexity perplexity = Perplexity.NONE;
          for (int i = 0; i < labels.length; i++) {
            if (labels[i] >= 0) {
              double sum = Arrays.stream(logits[i]).map(Math::exp).sum();
              perplexity = perplexity.plus(Math.log(sum) - logits[i][labels[i]], 1);
            }
          }
          assertEquals(c.get("tokens").asLong(), perplexity.tokens());
          close(c.get("nll_sum"), perplexity.negativeLogLikelihood());
          close(c.get("perplexity"), perplexity.value());
        })));
  }

  private static void averages(JsonNode expected, java.util.function.Function<Average, Scores> scores) {
    assertAll(() -> same(expected.get("micro"), scores.apply(Average.MICRO)),
        () -> same(expected.get("macro"), scores.apply(Average.MACRO)),
        () -> same(expected.get("weighted"), scores.apply(Average.WEIGHTED)));
  }

  private static void same(JsonNode expected, Scores scores) {
    assertEquals(expected.get("precision").asDouble(), scores.precision(), TOLERANCE);
    assertEquals(expected.get("recall").asDouble(), scores.recall(), TOLERANCE);
    assertEquals(expected.get("f1").asDouble(), scores.f1(), TOLERANCE);
  }

  /** Relative; null stands for undefined. */
  private static void close(JsonNode expected, double actual) {
    if (expected.isNull()) {
      assertEquals(Double.NaN, actual);
    } else {
      assertEquals(expected.asDouble(), actual, 1e-10 * Math.max(1, Math.abs(expected.asDouble())));
    }
  }

  private static boolean[][] flags(JsonNode rows) {
    return rows.valueStream().map(row -> {
      int[] values = ReferenceCases.ints(row);
      boolean[] flags = new boolean[values.length];
      for (int i = 0; i < flags.length; i++) {
        flags[i] = values[i] == 1;
      }
      return flags;
    }).toArray(boolean[][]::new);
  }
}
