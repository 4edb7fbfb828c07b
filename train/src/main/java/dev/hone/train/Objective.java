package dev.hone.train;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.HeadLoss;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.CausalHead;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.Tuning;
import java.util.stream.IntStream;

/**
 * What is learnt: from a model and rows to a loss. One of your own is given to {@link Tuning#setObjective}:
 *
 * {@snippet :
 * record Focal() implements Objective {
 *   public Answer answer(PretrainedModel model, TrainingSet set, int[] rows, float scale, Pass pass) {
 *     Variable logits = model.forward(set.batch(rows), pass);
 *     return new Answer(LossOps.focal(logits, set.classes(rows), 2, null, scale), -1, logits.value());
 *   }
 *
 *   public int items(TrainingSet set, int[] rows) {
 *     return rows.length;
 *   }
 * }
 * tuning.setObjective((training, config) -> new Focal());
 * }
 */
public interface Objective {
  /**
   * What a model makes of some rows.
   *
   * @param loss the sum of the losses of the items, scaled
   * @param hits how many items are answered right; -1 where there is no right and wrong
   * @param logits [S, labels] of a classifier; null for a language model, which never has them all
   */
  record Answer(Variable loss, int hits, Tensor logits) {}

  /**
   * Runs the model.
   *
   * @param rows which rows of {@code set} the batch is
   * @param scale factor of the sum of the losses
   */
  Answer answer(PretrainedModel model, TrainingSet set, int[] rows, float scale, Pass pass);

  /** How many items the mean of these rows' loss is taken over. */
  int items(TrainingSet set, int[] rows);

  /** What the mean of these rows' loss is taken over: the number of items, unless they have weights. */
  default double weight(TrainingSet set, int[] rows) {
    return items(set, rows);
  }

  /**
   * A mean loss that clearly no model has that knows nothing of the rows but what may be answered: one above it has lost what it
   * knew. Infinite if not said.
   */
  default double ignorance(PretrainedModel model, TrainingSet set) {
    return Double.POSITIVE_INFINITY;
  }

  /** The objective of a classifier with these labels. */
  static Classification classification(Labels labels) {
    return classification(labels, CrossEntropySettings.PLAIN, 0);
  }

  /**
   * The same with variants of the cross-entropy of single labels.
   *
   * @param settings class weights, label smoothing and z-loss; class weights also serve the focal loss
   * @param focalGamma exponent of the focal loss; 0 for cross-entropy
   */
  static Classification classification(Labels labels, CrossEntropySettings settings, double focalGamma) {
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

  /** The objective of a language model. */
  static NextToken nextToken() {
    return nextToken(CrossEntropySettings.PLAIN);
  }

  /** The same with label smoothing or z-loss. */
  static NextToken nextToken(CrossEntropySettings settings) {
    return new NextToken(settings);
  }

  /** What is learnt from the logits of whole sequences. */
  sealed interface Classification extends Objective permits SingleLabel, MultiLabel, Regression {
    /**
     * The sum of the losses of the rows, times {@code scale}.
     *
     * @param logits [S, labels]
     */
    Variable loss(Variable logits, TrainingSet set, int[] rows, float scale);

    /** How many of these rows are answered right, or -1. */
    int hits(Tensor logits, TrainingSet set, int[] rows);

    @Override
    default Answer answer(PretrainedModel model, TrainingSet set, int[] rows, float scale, Pass pass) {
      Variable logits = model.forward(set.batch(rows), pass);
      return new Answer(loss(logits, set, rows, scale), hits(logits.value(), set, rows), logits.value());
    }
  }

  /**
   * Cross-entropy of the one right class, or the focal loss.
   *
   * @param settings of the cross-entropy
   * @param focalGamma 0 for cross-entropy
   */
  record SingleLabel(CrossEntropySettings settings, float focalGamma) implements Classification {
    @Override
    public Variable loss(Variable logits, TrainingSet set, int[] rows, float scale) {
      int[] classes = set.classes(rows);
      return focalGamma == 0 ? LossOps.crossEntropy(logits, classes, settings, scale)
          : LossOps.focal(logits, classes, focalGamma, settings.classWeights(), scale);
    }

    /** As torch: rows count by the weight of their class; the focal loss is a mean over rows. */
    @Override
    public double weight(TrainingSet set, int[] rows) {
      return focalGamma == 0 ? settings.weightOf(set.classes(rows)) : rows.length;
    }

    /** A nat more than equal probabilities have. */
    @Override
    public double ignorance(PretrainedModel model, TrainingSet set) {
      return Math.log(model.labels().size()) + 1;
    }

    @Override
    public int hits(Tensor logits, TrainingSet set, int[] rows) {
      int[] classes = set.classes(rows);
      int hits = 0;
      for (int row = 0; row < rows.length; row++) {
        hits += TextClassifier.argMax(logits.slice(row, row + 1).toFloatArray()) == classes[row] ? 1 : 0;
      }
      return hits;
    }

    @Override
    public int items(TrainingSet set, int[] rows) {
      return rows.length;
    }
  }

  /** Binary cross-entropy of every label, a mean over rows and labels. */
  record MultiLabel(int labels) implements Classification {
    @Override
    public Variable loss(Variable logits, TrainingSet set, int[] rows, float scale) {
      Tensor targets = Tensor.of(set.values(rows), rows.length, labels);
      return LossOps.binaryCrossEntropy(logits, targets, null, scale);
    }

    @Override
    public double ignorance(PretrainedModel model, TrainingSet set) {
      return Math.log(2) + 1;
    }

    @Override
    public int hits(Tensor logits, TrainingSet set, int[] rows) {
      return -1;
    }

    @Override
    public int items(TrainingSet set, int[] rows) {
      return rows.length * labels;
    }
  }

  /** Squared error of every number, a mean over rows and numbers. */
  record Regression(int numbers) implements Classification {
    private static final int ROWS_OF_VARIANCE = 4096;

    @Override
    public Variable loss(Variable logits, TrainingSet set, int[] rows, float scale) {
      Tensor targets = Tensor.of(set.values(rows), rows.length, numbers);
      return LossOps.squaredError(logits, targets, scale);
    }

    /** Three times the variance of the numbers, which is what their mean has. */
    @Override
    public double ignorance(PretrainedModel model, TrainingSet set) {
      int rows = Math.min(set.size(), ROWS_OF_VARIANCE);
      float[] values = set.values(IntStream.range(0, rows).toArray());
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
    public int hits(Tensor logits, TrainingSet set, int[] rows) {
      return -1;
    }

    @Override
    public int items(TrainingSet set, int[] rows) {
      return rows.length * numbers;
    }
  }

  /**
   * Cross-entropy of every token that is to be learnt, given those before it. Logits of other tokens are never made.
   *
   * @param settings of the cross-entropy
   */
  record NextToken(CrossEntropySettings settings) implements Objective {
    @Override
    public Answer answer(PretrainedModel model, TrainingSet set, int[] rows, float scale, Pass pass) {
      TokenBatch batch = set.batch(rows);
      int[] labels = set.labels(rows).clone();
      for (int s = 0; s < batch.sequences(); s++) {
        if (batch.offsets()[s] < batch.offsets()[s + 1]) {
          labels[batch.offsets()[s]] = -1; // a tuned prompt could predict first tokens, but nothing else does: never counted
        }
      }
      HeadLoss result = model.loss(batch, labels, settings, scale, pass);
      return new Answer(result.loss(), result.hits(), null);
    }

    /** A nat more than equal probabilities have. */
    @Override
    public double ignorance(PretrainedModel model, TrainingSet set) {
      return Math.log(model.config().vocabSize()) + 1;
    }

    @Override
    public int items(TrainingSet set, int[] rows) {
      TokenBatch batch = set.batch(rows);
      return CausalHead.count(set.labels(rows), batch);
    }
  }
}
