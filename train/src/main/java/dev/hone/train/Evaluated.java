package dev.hone.train;

import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.distributed.BlockTree;
import dev.hone.train.distributed.Ranks;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Inference;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

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
  /** Runs the model over all rows, without dropout; what rows of a batch begin with alike is computed once. */
  public static Evaluated of(PretrainedModel asked, Objective objective, TrainingSet set, int batchSize) {
    return of(asked, objective, set, batchSize, Pass.inference().withSavings(Pass.Savings.ALL));
  }

  /** Runs the model in such passes. */
  static Evaluated of(PretrainedModel asked, Objective objective, TrainingSet set, int batchSize, Pass pass) {
    return of(asked, objective, set, batchSize, pass, Ranks.alone());
  }

  /**
   * Runs the model over a share of the batches, others over the other shares: all have the same in the end, with the bits of one
   * process, since what batches give is summed in their order.
   */
  static Evaluated of(PretrainedModel asked, Objective objective, TrainingSet set, int batchSize, Pass pass, Ranks ranks) {
    PretrainedModel model = asked.snapshot();
    List<int[]> batches = BatchSampler.ofRows(set.lengths(), batchSize, 0).inOrder();
    int[] begins = IntStream.rangeClosed(0, ranks.size()).map(r -> BlockTree.begin(batches.size(), r, ranks.size())).toArray();
    List<int[]> own = batches.subList(begins[ranks.rank()], begins[ranks.rank() + 1]);
    DoubleStream.Builder figures = DoubleStream.builder(); // of each batch: loss, weight, items, hits
    List<float[]> answers = new ArrayList<>();
    Inference.overBatches(own, rows -> {
      TrainingBatch batch = set.batch(rows);
      Objective.Answer answer = objective.answer(model, batch, 1, pass);
      figures.add(answer.loss().value().item()).add(objective.weight(batch)).add(objective.items(batch)).add(answer.hits());
      if (answer.logits() != null) {
        answers.addAll(Inference.rows(answer.logits().toFloatArray(), rows.length));
      }
    });
    double loss = 0;
    double weight = 0;
    double items = 0; // whole numbers
    double hits = 0;
    boolean judged = true;
    for (double[] of : ranks.gather(figures.build().toArray(),
        IntStream.range(0, ranks.size()).map(r -> 4 * (begins[r + 1] - begins[r])).toArray())) {
      for (int i = 0; i < of.length; i += 4) {
        loss += of[i];
        weight += of[i + 1];
        items += of[i + 2];
        hits += of[i + 3];
        judged &= of[i + 3] >= 0;
      }
    }
    double accuracy = judged ? hits / Math.max(1, items) : Double.NaN;
    return new Evaluated(weight == 0 ? 0 : loss / weight, (long) items, accuracy, logits(set.size(), batches,
        ranks.gatherRows(answers)));
  }

  /** What batches gave, by row; null if they gave nothing. */
  private static float[][] logits(int rows, List<int[]> batches, List<float[]> answers) {
    if (answers.isEmpty()) {
      return null;
    }
    float[][] logits = new float[rows][];
    int at = 0;
    for (int[] batch : batches) {
      for (int row : batch) {
        logits[row] = answers.get(at++);
      }
    }
    return logits;
  }
}
