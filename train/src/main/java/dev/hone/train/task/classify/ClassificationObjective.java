package dev.hone.train.task.classify;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Objective;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Logits;
import java.util.stream.IntStream;

/** What a classifier learns, from the logits of whole sequences. */
public sealed interface ClassificationObjective extends Objective {
  /** The objective of a classifier with these labels. */
  static ClassificationObjective of(Labels labels) {
    return of(labels, CrossEntropySettings.PLAIN, 0);
  }

  /**
   * The objective of a classifier with variants of the cross-entropy of single labels.
   *
   * @param settings class weights, label smoothing and z-loss; class weights also serve the focal loss
   * @param focalGamma exponent of the focal loss; 0 for cross-entropy
   */
  static ClassificationObjective of(Labels labels, CrossEntropySettings settings, double focalGamma) {
    boolean plain = settings.equals(CrossEntropySettings.PLAIN) && focalGamma == 0;
    if (!plain && labels.kind() != Labels.Kind.SINGLE_LABEL) {
      throw new IllegalArgumentException("label smoothing, class weights, z-loss and the focal loss are for one label a row, "
          + "not for " + labels.kind().problemType());
    }
    return switch (labels.kind()) {
      case SINGLE_LABEL -> new SingleLabel(settings, (float) focalGamma);
      case MULTI_LABEL -> new MultiLabel(labels.size());
      case REGRESSION -> new Regression(labels.size());
    };
  }

  /**
   * The sum of the losses of the rows, times {@code scale}.
   *
   * @param logits [S, labels]
   */
  Variable loss(Variable logits, TrainingBatch batch, float scale);

  /** How many of these rows are answered right, or -1. */
  int hits(Tensor logits, TrainingBatch batch);

  @Override
  default Answer answer(PretrainedModel model, TrainingBatch batch, float scale, Pass pass) {
    Variable logits = model.forward(batch.tokens(), pass);
    return new Answer(loss(logits, batch, scale), hits(logits.value(), batch), logits.value());
  }

  /**
   * Cross-entropy of the one right class, or the focal loss.
   *
   * @param settings of the cross-entropy
   * @param focalGamma 0 for cross-entropy
   */
  record SingleLabel(CrossEntropySettings settings, float focalGamma) implements ClassificationObjective {
    @Override
    public Variable loss(Variable logits, TrainingBatch batch, float scale) {
      int[] classes = batch.classes();
      return focalGamma == 0 ? LossOps.crossEntropy(logits, classes, settings, scale)
          : LossOps.focal(logits, classes, focalGamma, settings.classWeights(), scale);
    }

    /** As torch: rows count by the weight of their class; the focal loss is a mean over rows. */
    @Override
    public double weight(TrainingBatch batch) {
      return focalGamma == 0 ? settings.weightOf(batch.classes()) : batch.size();
    }

    /** A nat more than equal probabilities have. */
    @Override
    public double ignorance(PretrainedModel model, TrainingSet set) {
      return Math.log(model.labels().size()) + 1;
    }

    @Override
    public int hits(Tensor logits, TrainingBatch batch) {
      int[] classes = batch.classes();
      int hits = 0;
      for (int row = 0; row < classes.length; row++) {
        hits += Logits.argMax(logits.slice(row, row + 1).toFloatArray()) == classes[row] ? 1 : 0;
      }
      return hits;
    }

    @Override
    public int items(TrainingBatch batch) {
      return batch.size();
    }
  }

  /** Binary cross-entropy of every label, a mean over rows and labels. */
  record MultiLabel(int labels) implements ClassificationObjective {
    @Override
    public Variable loss(Variable logits, TrainingBatch batch, float scale) {
      Tensor targets = Tensor.of(batch.values(), batch.size(), labels);
      return LossOps.binaryCrossEntropy(logits, targets, null, scale);
    }

    @Override
    public double ignorance(PretrainedModel model, TrainingSet set) {
      return Math.log(2) + 1;
    }

    @Override
    public int hits(Tensor logits, TrainingBatch batch) {
      return -1;
    }

    @Override
    public int items(TrainingBatch batch) {
      return batch.size() * labels;
    }
  }

  /** Squared error of every number, a mean over rows and numbers. */
  record Regression(int numbers) implements ClassificationObjective {
    private static final int ROWS_OF_VARIANCE = 4096;

    @Override
    public Variable loss(Variable logits, TrainingBatch batch, float scale) {
      Tensor targets = Tensor.of(batch.values(), batch.size(), numbers);
      return LossOps.squaredError(logits, targets, scale);
    }

    /** Three times the variance of the numbers, which is what their mean has. */
    @Override
    public double ignorance(PretrainedModel model, TrainingSet set) {
      int rows = Math.min(set.size(), ROWS_OF_VARIANCE);
      float[] values = set.batch(IntStream.range(0, rows).toArray()).values();
      double variance = 0;
      for (int column = 0; column < numbers; column++) {
        double mean = 0;
        for (int row = 0; row < rows; row++) {
          mean += values[row * numbers + column] / (double) rows;
        }
        for (int row = 0; row < rows; row++) {
          double off = values[row * numbers + column] - mean;
          variance += off * off / rows / numbers;
        }
      }
      return 3 * variance;
    }

    @Override
    public int hits(Tensor logits, TrainingBatch batch) {
      return -1;
    }

    @Override
    public int items(TrainingBatch batch) {
      return batch.size() * numbers;
    }
  }
}
