package dev.hone.autograd;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.LossKernels;
import java.util.stream.IntStream;

/**
 * Losses. Each returns {@code scale} times a sum, so that the caller decides what the mean is taken over: with gradient
 * accumulation that is all labels of the whole window. Labels are class numbers, one per row; rows with negative ones count
 * nothing.
 */
public final class LossOps {
  private static final LossKernels KERNELS = Kernels.active().loss();

  private LossOps() {}

  /** Cross-entropy of rows of logits. [M, V] -> []. */
  public static Variable crossEntropy(Variable logits, int[] labels, CrossEntropySettings settings, float scale) {
    boolean save = Variable.needsGradient(logits);
    Tensor gradient = save ? logits.value().copy() : logits.value(); // the kernel turns logits into their gradient
    Tensor losses = losses(gradient, labels, settings, save, scale);
    Tensor sum = sum(losses, scale);
    losses.release();
    return Variable.of("crossEntropy", sum)
        .pullbackInto(logits, (up, dx, accumulate) -> MathOps.scaledInto(gradient, up.item(), accumulate, dx))
        .saves(save ? gradient : null);
  }

  /** Cross-entropy of each row, 0 where there is no label. [M, V] -> [M]. */
  public static Variable crossEntropyPerRow(Variable logits, int[] labels, CrossEntropySettings settings) {
    boolean save = Variable.needsGradient(logits);
    Tensor gradient = save ? logits.value().copy() : logits.value();
    return Variable.of("crossEntropyPerRow", losses(gradient, labels, settings, save, 1)).pullback(logits, up -> {
      Kernels.active().elementwise().binary(Binary.MUL, gradient, up.reshape(-1, 1), gradient);
      return gradient;
    }).saves(save ? gradient : null);
  }

  private static Tensor losses(Tensor logits, int[] labels, CrossEntropySettings settings, boolean gradient, float scale) {
    settings.check("crossEntropy", logits.shape().rows(), labels, logits.shape().columns());
    Tensor losses = Tensor.empty(labels.length);
    KERNELS.crossEntropy(logits, labels, settings.classWeights(), settings.smoothing(), settings.zLoss(), gradient, scale,
        losses);
    return losses;
  }

  /**
   * Cross-entropy of logits = softCap · tanh((logitScale · hidden · weightᵀ + bias) / softCap), without ever holding the
   * logits of more than a few hundred rows. Rows without a label cost nothing; gradients are computed in the same pass.
   * [N, C] -> [].
   *
   * @param weight [V, C]; may be stored in any float type if it is frozen, and may be the embedding table
   * @param bias [V] or null
   * @param labels N classes
   * @param softCap 0 for none
   * @param logitScale factor of the product, usually 1
   */
  public static HeadLoss linearCrossEntropy(Variable hidden, Variable weight, Variable bias, int[] labels, float softCap,
      float logitScale, CrossEntropySettings settings, float scale) {
    return LinearCrossEntropy.apply(hidden, weight, bias, labels, softCap, logitScale, settings, scale);
  }

  /**
   * The losses of {@link #linearCrossEntropy} row by row, for those whose weights depend on the losses themselves: minus the
   * log-probabilities of the labels. Only rows with a label are there, in their order. [N, C] -> [M].
   *
   * @param weight [V, C]
   * @param bias [V] or null
   * @param labels N classes, negative for none
   */
  public static Variable linearCrossEntropyPerRow(Variable hidden, Variable weight, Variable bias, int[] labels, float softCap,
      float logitScale) {
    return LinearCrossEntropy.perRow(hidden, weight, bias, labels, softCap, logitScale);
  }

  /** Focal loss: scale · Σ -alpha[t] · (1 - p_t)^gamma · log p_t. [M, V] -> []. Source: Lin and others 2017. */
  public static Variable focal(Variable logits, int[] labels, float gamma, Tensor alpha, float scale) {
    CrossEntropySettings.PLAIN.check("focal", logits.shape().rows(), labels, logits.shape().columns());
    int[] rows = counted(labels);
    int[] chosen = IntStream.of(rows).map(row -> labels[row]).toArray();
    Variable logP = ReduceOps.logSoftmax(rows(logits, rows), -1);
    return pointwise("focal", GatherOps.gather(logP, 1, chosen, rows.length, 1), scale, (lp, i) -> {
      double weight = alpha == null ? 1 : alpha.get(chosen[i]);
      double q = -Math.expm1(lp);
      double power = Math.pow(q, gamma);
      double slope = q > 0 ? power - gamma * power / q * Math.exp(lp) * lp : gamma == 0 ? 1 : 0;
      return new Point(-weight * power * lp, -weight * slope);
    });
  }

  /**
   * Binary cross-entropy of logits: scale · Σ -(posWeight · y · log σ(x) + (1 - y) · log(1 - σ(x))). [..., K] -> [].
   *
   * @param target y, from 0 to 1, of the shape of x
   * @param posWeight [K] or null for ones
   */
  public static Variable binaryCrossEntropy(Variable x, Tensor target, Tensor posWeight, float scale) {
    checkTarget("binaryCrossEntropy", x, target);
    int classes = x.shape().columns();
    return pointwise("binaryCrossEntropy", x, scale, (z, i) -> {
      double yes = target.get(i) * (posWeight == null ? 1 : posWeight.get(i % classes));
      double no = 1 - target.get(i);
      return new Point(yes * softplus(-z) + no * softplus(z), no * sigmoid(z) - yes * sigmoid(-z));
    });
  }

  /**
   * Focal loss of independent labels: scale · Σ alpha_t · (1 - p_t)^gamma · BCE, with p_t the probability of the target and
   * alpha_t = alpha where it is 1, 1 - alpha where it is 0. Any shape -> [].
   */
  public static Variable sigmoidFocal(Variable x, Tensor target, float gamma, float alpha, float scale) {
    checkTarget("sigmoidFocal", x, target);
    return pointwise("sigmoidFocal", x, scale, (z, i) -> {
      double y = target.get(i);
      double weight = alpha * y + (1 - alpha) * (1 - y);
      double entropy = y * softplus(-z) + (1 - y) * softplus(z);
      double p = sigmoid(z);
      double miss = sigmoid(-z) * y + p * (1 - y); // 1 - p_t without cancellation
      double power = Math.pow(miss, gamma);
      double steeper = miss > 0 ? gamma * power / miss * p * sigmoid(-z) * (2 * y - 1) * entropy : 0;
      return new Point(weight * power * entropy, weight * (power * (p - y) - steeper));
    });
  }

  /** Squared error: scale · Σ (x - y)². Any shape -> []. */
  public static Variable squaredError(Variable x, Tensor target, float scale) {
    checkTarget("squaredError", x, target);
    return pointwise("squaredError", x, scale, (z, i) -> {
      double error = z - target.get(i);
      return new Point(error * error, 2 * error);
    });
  }

  /**
   * scale · T² · Σ KL(reference || model), both softmax(z / T): the student covers what the teacher does. [M, V] -> [].
   * Source: Hinton, Vinyals and Dean 2015.
   *
   * @param reference logits, [M, V]
   * @param labels only say which rows count, and may be null
   */
  public static Variable forwardKl(Variable logits, Tensor reference, int[] labels, float temperature, float scale) {
    Variable q = logProbabilities("forwardKl", logits, labels, temperature);
    Variable p = logProbabilities("forwardKl", Variable.constant(reference), labels, temperature);
    return MathOps.mul(ReduceOps.sum(MathOps.mul(MathOps.exp(p), MathOps.sub(p, q)), false), temperature * temperature * scale);
  }

  /** scale · T² · Σ KL(model || reference): the model stays where the reference has mass. As {@link #forwardKl}. */
  public static Variable reverseKl(Variable logits, Tensor reference, int[] labels, float temperature, float scale) {
    Variable q = logProbabilities("reverseKl", logits, labels, temperature);
    Variable p = logProbabilities("reverseKl", Variable.constant(reference), labels, temperature);
    return MathOps.mul(ReduceOps.sum(MathOps.mul(MathOps.exp(q), MathOps.sub(q, p)), false), temperature * temperature * scale);
  }

  /** alpha · cross-entropy + (1 - alpha) · {@link #forwardKl}. [M, V] -> []. */
  public static Variable distillation(Variable logits, Tensor reference, int[] labels, float alpha, float temperature,
      float scale) {
    return MathOps.add(crossEntropy(logits, labels, CrossEntropySettings.PLAIN, alpha * scale),
        forwardKl(logits, reference, labels, temperature, (1 - alpha) * scale));
  }

  private static Variable logProbabilities(String op, Variable logits, int[] labels, float temperature) {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException(op + ": the temperature must be above 0, got " + temperature);
    }
    Variable rows = logits;
    if (labels != null) {
      CrossEntropySettings.PLAIN.check(op, logits.shape().rows(), labels, logits.shape().columns());
      rows = rows(logits, counted(labels));
    }
    return ReduceOps.logSoftmax(temperature == 1 ? rows : MathOps.mul(rows, 1 / temperature), -1);
  }

  /** The rows that have a label. */
  static int[] counted(int[] labels) {
    return IntStream.range(0, labels.length).filter(row -> labels[row] >= 0).toArray();
  }

  private static Variable rows(Variable x, int[] rows) {
    return rows.length == x.shape().rows() ? x : GatherOps.rows(x, rows);
  }

  /** scale · Σ losses; 0 without any, whatever the scale. */
  static Tensor sum(Tensor losses, float scale) {
    if (losses.size() == 0) {
      return Tensor.scalar(0);
    }
    Tensor sum = Tensor.empty();
    Kernels.active().reduce().sum(losses, 1, losses.shape().length(), 1, scale, false, sum);
    return sum;
  }

  private static void checkTarget(String op, Variable x, Tensor target) {
    if (!target.shape().equals(x.shape())) {
      throw new ShapeException(op + ": the target " + target.shape() + " must have the shape of the values " + x.shape());
    }
  }

  record Point(double loss, double slope) {}

  interface Curve {
    Point at(double x, int index);
  }

  /** scale · Σ of a function of every element. In float64, and not a kernel: outputs of classifiers are few. */
  static Variable pointwise(String op, Variable x, float scale, Curve curve) {
    float[] values = x.value().toFloatArray();
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      Point point = curve.at(values[i], i);
      sum += point.loss();
      values[i] = (float) (scale * point.slope());
    }
    Tensor gradient = Tensor.of(values, x.shape().toArray());
    return Variable.of(op, Tensor.scalar(values.length == 0 ? 0 : (float) (scale * sum)))
        .pullbackInto(x, (up, dx, accumulate) -> MathOps.scaledInto(gradient, up.item(), accumulate, dx));
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** log(1 + e^x). */
  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
