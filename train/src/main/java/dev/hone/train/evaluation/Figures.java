package dev.hone.train.evaluation;

import java.util.List;
import java.util.Set;

/** All figures of predictions of one kind, for any draw of their rows. */
interface Figures {
  /** Figures of which less is better; of all others more is. */
  Set<String> LESS_IS_BETTER = Set.of("loss", "perplexity", "calibration_error", "brier", "hamming_loss", "mae", "mse", "rmse");

  /** Figures that are shares of the rows. */
  Set<String> SHARES = Set.of("accuracy", "exact_match", "accuracy_per_token", "reward_accuracy");

  /** The names, in the order of {@link #of}. */
  List<String> names();

  /** How many of these predictions a figure is of. */
  default int count(String name, int[] rows) {
    return rows.length;
  }

  /** The figures of the predictions with these numbers, any of which may occur more than once; NaN where undefined. */
  double[] of(int[] rows);

  /** The figures of these predictions, which are of one kind. */
  static Figures of(List<? extends Prediction> predictions) {
    if (predictions.isEmpty()) {
      throw new IllegalArgumentException("evaluation: there are no rows to measure");
    }
    Class<?> kind = predictions.getFirst().getClass();
    for (Prediction prediction : predictions) {
      if (prediction.getClass() != kind) {
        throw new IllegalArgumentException("evaluation: the prediction of line " + prediction.row().line() + " is a "
            + prediction.getClass().getSimpleName() + ", the first one a " + kind.getSimpleName());
      }
    }
    return switch (predictions.getFirst()) {
      case Prediction.OneClass _ -> new ClassFigures(all(predictions, Prediction.OneClass.class));
      case Prediction.SomeLabels _ -> new LabelFigures(all(predictions, Prediction.SomeLabels.class));
      case Prediction.OneNumber _ -> new NumberFigures(all(predictions, Prediction.OneNumber.class));
      case Prediction.OnePair _ -> new PairFigures(all(predictions, Prediction.OnePair.class));
      case Prediction.OneTagging _ -> new TagFigures(all(predictions, Prediction.OneTagging.class));
      case Prediction.OneText _ -> new TextFigures(all(predictions, Prediction.OneText.class));
    };
  }

  private static <P extends Prediction> List<P> all(List<? extends Prediction> predictions, Class<P> kind) {
    return predictions.stream().map(kind::cast).toList();
  }
}
