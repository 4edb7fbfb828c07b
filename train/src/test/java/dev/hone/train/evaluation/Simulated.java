package dev.hone.train.evaluation;

import dev.hone.core.random.Philox;
import java.util.ArrayList;
import java.util.List;

/** Predictions with a known chance of being right. */
final class Simulated {
  private Simulated() {}

  /** Rows of two classes in turn; row i is right with the chance {@code right[i % right.length]}. */
  static List<Prediction> classes(int rows, long seed, double... right) {
    Philox random = new Philox(seed, 11);
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      int truth = i % 2;
      int predicted = random.uniform(2L * i) < right[i % right.length] ? truth : 1 - truth;
      float logit = 0.2f + random.uniform(2L * i + 1);
      predictions.add(Prediction.OneClass.ofLogits(Row.of(i + 1, "row " + i), truth,
          predicted == 0 ? new float[] {logit, 0} : new float[] {0, logit}));
    }
    return predictions;
  }
}
