package dev.hone.train;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.Labels;

/** What is learnt: a loss from a model's answers and a batch's targets. */
public interface Objective {
  /**
   * The sum of the losses of the rows, times {@code scale}.
   *
   * @param logits [S, labels]
   * @param rows which rows of {@code set} the batch is
   */
  Variable loss(Variable logits, TrainingSet set, int[] rows, float scale);

  /** How many items the mean of these rows' loss is taken over. */
  int items(TrainingSet set, int[] rows);

  /** The objective of a classifier with these labels. */
  static Objective classification(Labels labels) {
    return switch (labels.kind()) {
      case SINGLE_LABEL -> new SingleLabel();
      case MULTI_LABEL -> new MultiLabel(labels.size());
      case REGRESSION -> new Regression(labels.size());
    };
  }

  /** Cross-entropy of the one right class. */
  record SingleLabel() implements Objective {
    @Override
    public Variable loss(Variable logits, TrainingSet set, int[] rows, float scale) {
      return LossOps.crossEntropy(logits, set.classes(rows), CrossEntropySettings.PLAIN, scale);
    }

    @Override
    public int items(TrainingSet set, int[] rows) {
      return rows.length;
    }
  }

  /** Binary cross-entropy of every label, a mean over rows and labels. */
  record MultiLabel(int labels) implements Objective {
    @Override
    public Variable loss(Variable logits, TrainingSet set, int[] rows, float scale) {
      Tensor targets = Tensor.of(set.values(rows), rows.length, labels);
      return LossOps.binaryCrossEntropy(logits, targets, null, scale);
    }

    @Override
    public int items(TrainingSet set, int[] rows) {
      return rows.length * labels;
    }
  }

  /** Squared error of every number, a mean over rows and numbers. */
  record Regression(int numbers) implements Objective {
    @Override
    public Variable loss(Variable logits, TrainingSet set, int[] rows, float scale) {
      Tensor targets = Tensor.of(set.values(rows), rows.length, numbers);
      return LossOps.squaredError(logits, targets, scale);
    }

    @Override
    public int items(TrainingSet set, int[] rows) {
      return rows.length * numbers;
    }
  }
}
