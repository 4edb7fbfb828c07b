package dev.hone.train.task.prefer;

import dev.hone.train.Evaluated;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What TRL logs of preferences, as means over rows.
 *
 * @param rows how many pairs, or rated answers
 * @param loss mean loss
 * @param chosen mean reward of chosen, or liked, answers
 * @param rejected mean reward of the others
 * @param accuracy share of pairs whose chosen answer has the higher reward; of rated answers the share of such pairs among all
 *     of a liked and another one
 * @param chosenLogp mean log-probability of chosen answers
 * @param rejectedLogp of the others
 */
public record PreferenceFigures(int rows, double loss, double chosen, double rejected, double accuracy, double chosenLogp,
    double rejectedLogp) {
  /** By how much the reward of chosen answers is the higher one on average. */
  public double margin() {
    return chosen - rejected;
  }

  /** By the names of TRL. */
  Map<String, Double> named(boolean paired) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("rewards/chosen", chosen);
    figures.put("rewards/rejected", rejected);
    figures.put("rewards/margins", margin());
    if (paired) {
      figures.put("rewards/accuracies", accuracy);
    }
    figures.put("logps/chosen", chosenLogp);
    figures.put("logps/rejected", rejectedLogp);
    return figures;
  }

  /** Measures a model in its present state. */
  public static PreferenceFigures of(PreferenceTuning tuning, Dataset<Example.Judged> data) {
    TrainingSet set = tuning.encode(data);
    float[][] rows = Evaluated.of(tuning.model(), tuning.objective(), set, 8).logits();
    return of(Arrays.asList(rows), tuning.settings().loss().isPaired());
  }

  /** From what an objective answers of each row. */
  static PreferenceFigures of(List<float[]> rows, boolean paired) {
    double[] sums = new double[rows.getFirst().length];
    if (paired) {
      int right = 0;
      for (float[] row : rows) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += row[i] / rows.size();
        }
        right += row[0] > row[1] ? 1 : 0;
      }
      return new PreferenceFigures(rows.size(), sums[4], sums[0], sums[1], (double) right / rows.size(), sums[2], sums[3]);
    }
    int liked = 0;
    double[] reward = new double[2];
    double[] logp = new double[2];
    for (float[] row : rows) {
      int side = row[1] > 0 ? 0 : 1;
      liked += 1 - side;
      reward[side] += row[0];
      logp[side] += row[2];
      sums[4] += row[4] / rows.size();
    }
    int others = rows.size() - liked;
    long right = 0;
    for (float[] one : rows) {
      for (float[] other : rows) {
        right += one[1] > 0 && other[1] < 0 && one[0] > other[0] ? 1 : 0;
      }
    }
    return new PreferenceFigures(rows.size(), sums[4], reward[0] / liked, reward[1] / others,
        right / ((double) liked * others), logp[0] / liked, logp[1] / others);
  }
}
