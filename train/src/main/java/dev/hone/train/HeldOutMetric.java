package dev.hone.train;

import dev.hone.nn.Labels;
import dev.hone.train.config.Nearest;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Logits;
import dev.hone.train.metric.Average;
import dev.hone.train.metric.ConfusionMatrix;
import dev.hone.train.metric.MultiLabelScores;
import dev.hone.train.metric.RegressionScores;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A measure on held-out rows that the best step can be chosen and early stopping be decided by. */
public enum HeldOutMetric implements Metric {
  /** The mean loss; for language models the same choice as perplexity. */
  LOSS(false, null, null, null),
  /** The share of right classes, or of rows whose labels are all right. */
  ACCURACY(true, ConfusionMatrix::accuracy, MultiLabelScores::subsetAccuracy, null),
  /** The mean of the recalls of the classes. */
  BALANCED_ACCURACY(true, ConfusionMatrix::balancedAccuracy, null, null),
  /** F1, a mean over labels. */
  MACRO_F1(true, matrix -> matrix.scores(Average.MACRO).f1(), scores -> scores.scores(Average.MACRO).f1(), null),
  /** F1 over all decisions. */
  MICRO_F1(true, matrix -> matrix.scores(Average.MICRO).f1(), scores -> scores.scores(Average.MICRO).f1(), null),
  /** F1, a mean over labels by their frequency. */
  WEIGHTED_F1(true, matrix -> matrix.scores(Average.WEIGHTED).f1(), scores -> scores.scores(Average.WEIGHTED).f1(), null),
  /** Matthews' correlation. */
  MATTHEWS(true, ConfusionMatrix::matthews, null, null),
  /** Mean absolute error of numbers. */
  MAE(false, null, null, RegressionScores::mae),
  /** Root of the mean squared error of numbers. */
  RMSE(false, null, null, RegressionScores::rmse),
  /** Share of the variance of numbers that is explained. */
  R2(true, null, null, RegressionScores::r2),
  /** Linear correlation of numbers. */
  PEARSON(true, null, null, RegressionScores::pearson),
  /** Correlation of the order of numbers. */
  SPEARMAN(true, null, null, RegressionScores::spearman),
  /** Normalised discounted cumulative gain of the first ten results of a search. */
  NDCG(true, null, null, null),
  /** The mean of one over the place of the first right result. */
  MRR(true, null, null, null),
  /** The mean over queries of the average precision. */
  MAP(true, null, null, null);

  private final boolean greater;
  private final ToDoubleFunction<ConfusionMatrix> ofClasses; // null: there is no such measure of classes
  private final ToDoubleFunction<MultiLabelScores> ofLabels; // null: none of several labels a row
  private final ToDoubleFunction<RegressionScores> ofNumbers; // null: none of numbers

  HeldOutMetric(boolean greater, ToDoubleFunction<ConfusionMatrix> ofClasses, ToDoubleFunction<MultiLabelScores> ofLabels,
      ToDoubleFunction<RegressionScores> ofNumbers) {
    this.greater = greater;
    this.ofClasses = ofClasses;
    this.ofLabels = ofLabels;
    this.ofNumbers = ofNumbers;
  }

  /** The measure of a name such as {@code accuracy}, {@code eval_loss}, {@code macro-f1} or {@code ndcg@10}. */
  public static HeldOutMetric named(String name) {
    String plain = name.strip().toUpperCase(Locale.ROOT).replace('-', '_').replaceFirst("^EVAL_", "")
        .replaceFirst("@\\d+$", ""); // ndcg@10
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
      case SINGLE_LABEL -> ofClasses != null;
      case MULTI_LABEL -> ofLabels != null;
      case REGRESSION -> ofNumbers != null;
    };
    if (!fits) {
      String instead = kind == null ? "a language model; use loss" : switch (kind) {
        case SINGLE_LABEL -> "classes; use accuracy or macro_f1";
        case MULTI_LABEL -> "several labels a row; use micro_f1 or macro_f1";
        case REGRESSION -> "numbers; use rmse, mae, r2, pearson or spearman";
      };
      throw new IllegalArgumentException("metric_for_best_model: there is no " + name().toLowerCase(Locale.ROOT) + " of "
          + instead);
    }
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
      truth[i] = set.target(i, Target.OfClass.class).label();
      predicted[i] = Logits.argMax(logits[i]);
    }
    return ofClasses.applyAsDouble(ConfusionMatrix.of(truth, predicted, classes));
  }

  private double multi(float[][] logits, TrainingSet set) {
    boolean[][] truth = new boolean[logits.length][];
    boolean[][] predicted = new boolean[logits.length][];
    for (int i = 0; i < logits.length; i++) {
      truth[i] = new boolean[logits[i].length];
      predicted[i] = new boolean[logits[i].length];
      for (int l = 0; l < logits[i].length; l++) {
        truth[i][l] = set.target(i, Target.SomeLabels.class).holds(l);
        predicted[i][l] = logits[i][l] > 0; // a probability above one half
      }
    }
    return ofLabels.applyAsDouble(MultiLabelScores.of(truth, predicted));
  }

  private double regression(float[][] logits, TrainingSet set) {
    double[] truth = new double[logits.length];
    double[] predicted = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      truth[i] = set.target(i, Target.Numbers.class).numbers()[0];
      predicted[i] = logits[i][0];
    }
    return ofNumbers.applyAsDouble(RegressionScores.of(truth, predicted));
  }
}
