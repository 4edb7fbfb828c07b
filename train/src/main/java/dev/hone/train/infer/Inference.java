package dev.hone.train.infer;

import dev.hone.autograd.GradMode;
import dev.hone.core.Scope;
import dev.hone.core.parallel.Turn;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.encode.TrainingSet;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Passes of a model over many rows without gradients: the one loop of predictions and evaluations. */
public final class Inference {
  private Inference() {}

  /**
   * Batch by batch, rows of like lengths together. Between two batches other threads have their turn.
   *
   * @param work told the rows of a batch; what it computes lives until it returns
   */
  public static void overBatches(BatchSampler batches, Consumer<int[]> work) {
    overBatches(batches.inOrder(), work);
  }

  /** Batch by batch, such as a share of all; see {@link #overBatches(BatchSampler, Consumer)}. */
  public static void overBatches(List<int[]> batches, Consumer<int[]> work) {
    for (int[] rows : batches) {
      try (GradMode _ = GradMode.disabled(); Turn _ = Turn.take(); Scope _ = Scope.open()) {
        work.accept(rows);
      }
    }
  }

  /** Numbers of so many rows, row by row. */
  public static List<float[]> rows(float[] values, int rows) {
    int width = rows == 0 ? 0 : values.length / rows;
    return IntStream.range(0, rows).mapToObj(i -> Arrays.copyOfRange(values, i * width, (i + 1) * width)).toList();
  }

  /** The logits of all rows of a classifier, [rows, labels], in their order, without dropout. */
  public static float[][] logits(PretrainedModel asked, TrainingSet set, int batchSize) {
    PretrainedModel model = asked.snapshot(); // all batches by the same adapters
    float[][] logits = new float[set.size()][];
    overBatches(BatchSampler.ofRows(set.lengths(), batchSize, 0),
        rows -> scatter(model.forward(set.batch(rows).tokens(), Pass.inference()).value().toFloatArray(), rows, logits));
    return logits;
  }

  /** Puts the numbers of a batch, as many for each row, to where its rows are. */
  public static void scatter(float[] values, int[] rows, float[][] all) {
    int width = values.length / rows.length;
    for (int i = 0; i < rows.length; i++) {
      all[rows[i]] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
    }
  }
}
