package dev.hone.train;

import dev.hone.nn.Labels;
import dev.hone.train.config.Nearest;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Logits;
import dev.hone.train.metric.Average;
import dev.hone.train.metric.ConfusionMatrix;
import dev.hone.train.metric.MultiLabelScores;
import dev.hone.train.metric.RegressionScores;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A measure on held-out rows that the best step can be chosen and early stopping be decided by. */
public enum HeldOutMetric implements Metric {
  /** The mean loss; for language models the same choice as perplexity. */
  LOSS(false),
  /** The share of right classes, or of rows whose labels are all right. */
  ACCURACY(true),
  /** The mean of the recalls of the classes. */
  BALANCED_ACCURACY(true),
  /** F1, a mean over labels. */
  MACRO_F1(true),
  /** F1 over all decisions. */
  MICRO_F1(true),
  /** F1, a mean over labels by their frequency. */
  WEIGHTED_F1(true),
  /** Matthews' correlation. */
  MATTHEWS(true),
  /** Mean absolute error of numbers. */
  MAE(false),
  /** Root of the mean squared error of numbers. */
  RMSE(false),
  /** Share of the variance of numbers that is explained. */
  R2(true),
  /** Linear correlation of numbers. */
  PEARSON(true);

  private final boolean greater;

  HeldOutMetric(boolean greater) {
    this.greater = greater;
  }

  /** The measure of a name such as {@code accuracy}, {@code eval_loss} or {@code macro-f1}. */
  public static HeldOutMetric named(String name) {
    String plain = name.strip().toUpperCase(Locale.ROOT).replace('-', '_').replaceFirst("^EVAL_", "");
    List<String> known = Arrays.stream(values()).map(Enum::name).toList();
    if (!known.contains(plain)) {
      throw new IllegalArgumentException("metric_for_best_model: '" + name + "' is not known"
          + Nearest.hint(plain, known, "").toLowerCase(Locale.ROOT) + "; known: "
          + String.join(", ", known).toLowerCase(Locale.ROOT));
    }
    return valueOf(plain);
  }

  @Override
  public boolean higherIsBetter() {
    return greater;
  }

  /** Whether {@code now} is better than {@code before} by more than {@code threshold}; anything is better than NaN. */
  static boolean better(Metric metric, double now, double before, double threshold) {
    return Double.isNaN(before) ? !Double.isNaN(now) : metric.higherIsBetter() ? now > before + threshold
        : now < before - threshold;
  }

  /**
   * Fails if there is no such measure of a task.
   *
   * @param kind of labels; null for a language model
   * @throws IllegalArgumentException naming measures that there are
   */
  public void check(Labels.Kind kind) {
    boolean fits = this == LOSS || kind != null && switch (kind) {
      case SINGLE_LABEL -> this == ACCURACY || this == BALANCED_ACCURACY || this == MATTHEWS || isF1();
      case MULTI_LABEL -> this == ACCURACY || isF1();
      case REGRESSION -> this == MAE || this == RMSE || this == R2 || this == PEARSON;
    };
    if (!fits) {
      String instead = kind == null ? "a language model; use loss" : switch (kind) {
        case SINGLE_LABEL -> "classes; use accuracy or macro_f1";
        case MULTI_LABEL -> "several labels a row; use micro_f1 or macro_f1";
        case REGRESSION -> "numbers; use rmse, mae, r2 or pearson";
      };
      throw new IllegalArgumentException("metric_for_best_model: there is no " + name().toLowerCase(Locale.ROOT) + " of "
          + instead);
    }
  }

  private boolean isF1() {
    return this == MACRO_F1 || this == MICRO_F1 || this == WEIGHTED_F1;
  }

  /**
   * The value.
   *
   * @param evaluated what a model makes of the rows
   * @param set the rows
   * @param labels of the model, null for a language model
   * @throws IllegalArgumentException if rows of this kind do not have this measure
   */
  @Override
  public double of(Evaluated evaluated, TrainingSet set, Labels labels) {
    check(labels == null ? null : labels.kind());
    if (this == LOSS) {
      return evaluated.loss();
    }
    return switch (labels.kind()) {
      case SINGLE_LABEL -> single(evaluated.logits(), set, labels.size());
      case MULTI_LABEL -> multi(evaluated.logits(), set);
      case REGRESSION -> regression(evaluated.logits(), set);
    };
  }

  private double single(float[][] logits, TrainingSet set, int classes) {
    int[] truth = new int[logits.length];
    int[] predicted = new int[logits.length];
    for (int i = 0; i < logits.length; i++) {
      truth[i] = (int) set.targets().get(i)[0];
      predicted[i] = Logits.argMax(logits[i]);
    }
    ConfusionMatrix matrix = ConfusionMatrix.of(truth, predicted, classes);
    return switch (this) {
      case ACCURACY -> matrix.accuracy();
      case BALANCED_ACCURACY -> matrix.balancedAccuracy();
      case MATTHEWS -> matrix.matthews();
      case MACRO_F1 -> matrix.scores(Average.MACRO).f1();
      case MICRO_F1 -> matrix.scores(Average.MICRO).f1();
      case WEIGHTED_F1 -> matrix.scores(Average.WEIGHTED).f1();
      default -> throw new AssertionError(this);
    };
  }

  private double multi(float[][] logits, TrainingSet set) {
    boolean[][] truth = new boolean[logits.length][];
    boolean[][] predicted = new boolean[logits.length][];
    for (int i = 0; i < logits.length; i++) {
      truth[i] = new boolean[logits[i].length];
      predicted[i] = new boolean[logits[i].length];
      for (int l = 0; l < logits[i].length; l++) {
        truth[i][l] = set.targets().get(i)[l] >= 0.5f;
        predicted[i][l] = logits[i][l] > 0; // a probability above one half
      }
    }
    MultiLabelScores scores = MultiLabelScores.of(truth, predicted);
    return switch (this) {
      case ACCURACY -> scores.subsetAccuracy();
      case MACRO_F1 -> scores.scores(Average.MACRO).f1();
      case MICRO_F1 -> scores.scores(Average.MICRO).f1();
      case WEIGHTED_F1 -> scores.scores(Average.WEIGHTED).f1();
      default -> throw new AssertionError(this);
    };
  }

  private double regression(float[][] logits, TrainingSet set) {
    double[] truth = new double[logits.length];
    double[] predicted = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      truth[i] = set.targets().get(i)[0];
      predicted[i] = logits[i][0];
    }
    RegressionScores scores = RegressionScores.of(truth, predicted);
    return switch (this) {
      case MAE -> scores.mae();
      case RMSE -> scores.rmse();
      case R2 -> scores.r2();
      case PEARSON -> scores.pearson();
      default -> throw new AssertionError(this);
    };
  }
}
