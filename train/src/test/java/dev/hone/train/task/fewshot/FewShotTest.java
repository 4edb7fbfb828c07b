package dev.hone.train.task.fewshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.TinyModel;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.fixture.TaskFixtures;
import dev.hone.train.infer.FewShotClassifier;
import dev.hone.train.infer.LogisticRegression;
import dev.hone.train.infer.TextClassifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Pairs and heads beside SetFit's rules and scikit-learn, and classifiers from a few texts. */
class FewShotTest {
  private static float[][] vectors(JsonNode rows) {
    return rows.valueStream().map(row -> {
      float[] vector = new float[row.size()];
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) row.get(i).asDouble();
      }
      return vector;
    }).toArray(float[][]::new);
  }

  @Test
  void logisticRegressionIsThatOfScikitLearn() {
    int compared = 0;
    for (JsonNode each : Fixtures.json(TaskFixtures.folder("few_shot").resolve("few_shot.json")).get("logistic_regression")) {
      int[] labels = each.get("labels").valueStream().mapToInt(JsonNode::asInt).toArray();
      int classes = each.get("classes").asInt();
      LogisticRegression found = LogisticRegression.fit(vectors(each.get("embeddings")), labels, classes, each.get("C")
          .asDouble(),
          !each.get("class_weight").isNull());
      String name = each.get("name").asString();
      double mean = classes == 2 ? 0 : Arrays.stream(found.intercepts()).average().orElse(0);
      double wantedMean = classes == 2 ? 0 : each.get("intercept").valueStream().mapToDouble(JsonNode::asDouble).average()
          .orElse(0);
      for (int k = 0; k < found.weights().length; k++) {
        double[] wanted = each.get("coefficients").get(k).valueStream().mapToDouble(JsonNode::asDouble).toArray();
        for (int d = 0; d < wanted.length; d++) {
          assertEquals(wanted[d], found.weights()[k][d], 1e-5 * Math.max(0.1, Math.abs(wanted[d])), name + " " + k + " " + d);
        }
        assertEquals(each.get("intercept").get(k).asDouble() - wantedMean, found.intercepts()[k] - mean, 1e-5, name);
      }
      float[][] test = vectors(each.get("test_embeddings"));
      for (int i = 0; i < test.length; i++) {
        double[] wanted = each.get("test_probabilities").get(i).valueStream().mapToDouble(JsonNode::asDouble).toArray();
        assertArrayEquals(wanted, found.probabilities(test[i]), 1e-6, name);
      }
      compared++;
    }
    assertTrue(compared >= 6, compared + " cases");
  }

  @Test
  void pairsAreThoseOfSetFit() {
    for (JsonNode each : Fixtures.json(TaskFixtures.folder("few_shot").resolve("few_shot.json")).get("pairs")) {
      int[] labels = each.get("labels").valueStream().mapToInt(JsonNode::asInt).toArray();
      List<FewShotPairs.Pair> wanted = each.get("oversampling").valueStream()
          .map(pair -> new FewShotPairs.Pair(pair.get(0).asInt(), pair.get(1).asInt(), pair.get(2).asInt() == 1)).toList();
      assertEquals(wanted, FewShotPairs.of(labels));
    }
  }

  @Test
  void ofTooManyPairsAsManyOfEachKindAreLeft() {
    List<FewShotPairs.Pair> all = FewShotPairs.of(IntStream.range(0, 40).map(i -> i % 4).toArray());
    List<FewShotPairs.Pair> some = FewShotPairs.some(all, 100, 7);
    assertEquals(100, some.size());
    assertEquals(50, some.stream().filter(FewShotPairs.Pair::same).count());
    assertEquals(some, FewShotPairs.some(all, 100, 7));
    assertTrue(!some.equals(FewShotPairs.some(all, 100, 8)));
  }

  private static Dataset<Example.Labelled> rows(int from, int to) {
    return Dataset.of("rows", IntStream.range(from, to).mapToObj(i -> new Example.Labelled(
        (i % 2 == 0 ? "the good " : "the awful ") + (char) ('a' + i % 26) + (char) ('a' + i * 7 % 26), i % 2 == 0 ? "up"
        : "down")).toList());
  }

  private static double accuracy(FewShotClassifier classifier, Dataset<Example.Labelled> rows) {
    List<TextClassifier.Prediction> found = classifier.predict(rows.map(Example.Labelled::text));
    return IntStream.range(0, rows.size()).filter(i -> found.get(i).label().equals(rows.row(i).label())).count() / (
        double) rows.size();
  }

  @Test
  void aFewTextsMakeAClassifierThatIsTheSameAgainAndAfterLoading(@TempDir Path directory) throws IOException {
    Path model = TinyModel.write(directory.resolve("model"));
    Dataset<Example.Labelled> few = rows(0, 16);
    FewShotTuning tuning = FewShotTuning.full(model, LabelSet.of(few));
    assertEquals(16 * 17 / 2 - 64, tuning.pairs(few, 1).rows().stream().filter(pair -> pair.score() == 1).count());
    FewShotClassifier found = tuning.train(few, FewShotTuning.usual(1).with("learning_rate", 3e-3));
    assertTrue(accuracy(found, rows(100, 160)) >= 0.95, "accuracy " + accuracy(found, rows(100, 160)));
    FewShotTuning again = FewShotTuning.full(model, LabelSet.of(few));
    FewShotClassifier same = again.train(few, FewShotTuning.usual(1).with("learning_rate", 3e-3));
    tuning.save(directory.resolve("saved"));
    FewShotClassifier loaded = FewShotClassifier.load(directory.resolve("saved"));
    List<String> texts = rows(100, 110).map(Example.Labelled::text);
    assertEquals(found.predict(texts), same.predict(texts));
    assertEquals(found.predict(texts), loaded.predict(texts));
  }

  @Test
  void oneLabelIsRefused(@TempDir Path directory) throws IOException {
    Dataset<Example.Labelled> one = Dataset.of("rows", List.of(new Example.Labelled("a", "up"), new Example.Labelled("b", "up")));
    FewShotTuning tuning = FewShotTuning.full(TinyModel.write(directory.resolve("model")), LabelSet.of(rows(0, 4)));
    assertEquals("rows: all texts have the label 'up', so that there is nothing to tell apart; give at least two labels",
        assertThrows(DataException.class, () -> tuning.pairs(one, 1)).getMessage());
    assertEquals("LogisticRegression: 1 vectors, 1 labels, 1 classes, C 1.0; there must be one label per vector, 2 classes or "
        + "more, and "
        + "C above 0", assertThrows(IllegalArgumentException.class,
            () -> LogisticRegression.fit(new float[][] {{1}}, new int[] {0}, 1, 1, false)).getMessage());
  }
}
