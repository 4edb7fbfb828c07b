package dev.hone.train;

import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Inference;

/**
 * What a model makes of rows by an objective.
 *
 * @param loss mean over the items
 * @param items what the objective counts: rows of a classifier, learnt tokens of a language model
 * @param accuracy share of the items that are answered right; NaN where there is no right and wrong
 * @param logits [rows][labels] of a classifier, in the order of the rows; null where the objective gives none, as that of a
 *     language model
 */
public record Evaluated(double loss, long items, double accuracy, float[][] logits) {
  /** Runs the model over all rows, without dropout. */
  public static Evaluated of(PretrainedModel asked, Objective objective, TrainingSet set, int batchSize) {
    return of(asked, objective, set, batchSize, Pass.inference());
  }

  /** Runs the model in such passes. */
  static Evaluated of(PretrainedModel asked, Objective objective, TrainingSet set, int batchSize, Pass pass) {
    PretrainedModel model = asked.snapshot();
    Sums sums = new Sums();
    Inference.overBatches(BatchSampler.ofRows(set.lengths(), batchSize, 0), rows -> {
      Objective.Answer answer = objective.answer(model, set, rows, 1, pass);
      sums.loss += answer.loss().value().item();
      sums.weight += objective.weight(set, rows);
      sums.items += objective.items(set, rows);
      sums.hits += answer.hits();
      sums.judged &= answer.hits() >= 0;
      if (answer.logits() != null) {
        sums.logits = sums.logits == null ? new float[set.size()][] : sums.logits;
        Inference.scatter(answer.logits().toFloatArray(), rows, sums.logits);
      }
    });
    double accuracy = sums.judged ? (double) sums.hits / Math.max(1, sums.items) : Double.NaN;
    return new Evaluated(sums.weight == 0 ? 0 : sums.loss / sums.weight, sums.items, accuracy, sums.logits);
  }

  private static final class Sums {
    private double loss;
    private double weight;
    private long items;
    private long hits;
    private boolean judged = true;
    private float[][] logits;
  }
}
