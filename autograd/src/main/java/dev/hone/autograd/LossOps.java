package dev.hone.autograd;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.LossKernels.Pointwise;
import java.util.stream.IntStream;

/**
 * Losses. Each returns {@code scale} times a sum, so that the caller decides what the mean is taken over: with gradient
 * accumulation that is all labels of the whole window. Labels are class numbers, one per row; rows with negative ones count
 * nothing.
 */
public final class LossOps {
  private LossOps() {}

  /** Cross-entropy of rows of logits. [M, V] -> []. */
  public static Variable crossEntropy(Variable logits, int[] labels, CrossEntropySettings settings, float scale) {
    boolean save = Variable.needsGradient(logits);
    Tensor gradient = save ? logits.value().copy() : logits.value(); // the kernel turns logits into their gradient
    Tensor losses = losses(gradient, labels, settings, save, scale);
    Tensor sum = sum(losses, scale);
    losses.release();
    return Variable.of("crossEntropy", sum)
        .pullbackInto(logits, (up, dx, accumulate) -> MathOps.scaledInto(gradient, up, accumulate, dx))
        .saves(save ? gradient : null);
  }

  /** Cross-entropy of each row, 0 where there is no label. [M, V] -> [M]. */
  public static Variable crossEntropyPerRow(Variable logits, int[] labels, CrossEntropySettings settings) {
    boolean save = Variable.needsGradient(logits);
    Tensor gradient = save ? logits.value().copy() : logits.value();
    return Variable.of("crossEntropyPerRow", losses(gradient, labels, settings, save, 1)).pullback(logits, up -> {
      Kernels.of(gradient).elementwise().binary(Binary.MUL, gradient, up.reshape(-1, 1), gradient);
      return gradient;
    }).saves(save ? gradient : null);
  }

  private static Tensor losses(Tensor logits, int[] labels, CrossEntropySettings settings, boolean gradient, float scale) {
    settings.check("crossEntropy", logits.shape().rows(), labels, logits.shape().columns());
    Tensor losses = logits.emptyLike(labels.length);
    Kernels.of(logits).loss().crossEntropy(logits, labels, settings.classWeightsOn(logits.device()), settings.smoothing(),
        settings.zLoss(), gradient, scale, losses);
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
    Tensor weights = alpha == null ? null : labelWeights(alpha.to(logP.value().device()), chosen);
    return pointwise("focal", Pointwise.FOCAL, GatherOps.gather(logP, 1, chosen, rows.length, 1), null, weights, gamma, 0, scale);
  }

  /** The weight of each label. */
  private static Tensor labelWeights(Tensor alpha, int[] labels) {
    Tensor weights = alpha.emptyLike(labels.length, 1);
    Kernels.of(alpha).gather().rows(alpha.reshape(-1, 1), labels, 1, weights);
    return weights;
  }

  /**
   * Binary cross-entropy of logits: scale · Σ -(posWeight · y · log σ(x) + (1 - y) · log(1 - σ(x))). [..., K] -> [].
   *
   * @param target y, from 0 to 1, of the shape of x
   * @param posWeight [K] or null for ones
   */
  public static Variable binaryCrossEntropy(Variable x, Tensor target, Tensor posWeight, float scale) {
    checkTarget("binaryCrossEntropy", x, target);
    return pointwise("binaryCrossEntropy", Pointwise.BINARY_CROSS_ENTROPY, x, target, posWeight, 0, 0, scale);
  }

  /**
   * Focal loss of independent labels: scale · Σ alpha_t · (1 - p_t)^gamma · BCE, with p_t the probability of the target and
   * alpha_t = alpha where it is 1, 1 - alpha where it is 0. Any shape -> [].
   */
  public static Variable sigmoidFocal(Variable x, Tensor target, float gamma, float alpha, float scale) {
    checkTarget("sigmoidFocal", x, target);
    return pointwise("sigmoidFocal", Pointwise.SIGMOID_FOCAL, x, target, null, gamma, alpha, scale);
  }

  /** Squared error: scale · Σ (x - y)². Any shape -> []. */
  public static Variable squaredError(Variable x, Tensor target, float scale) {
    checkTarget("squaredError", x, target);
    return pointwise("squaredError", Pointwise.SQUARED_ERROR, x, target, null, 0, 0, scale);
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
    Variable p = logProbabilities("forwardKl", Variable.constant(reference.to(logits.value().device())), labels, temperature);
    return MathOps.mul(ReduceOps.sum(MathOps.mul(MathOps.exp(p), MathOps.sub(p, q)), false), temperature * temperature * scale);
  }

  /** scale · T² · Σ KL(model || reference): the model stays where the reference has mass. As {@link #forwardKl}. */
  public static Variable reverseKl(Variable logits, Tensor reference, int[] labels, float temperature, float scale) {
    Variable q = logProbabilities("reverseKl", logits, labels, temperature);
    Variable p = logProbabilities("reverseKl", Variable.constant(reference.to(logits.value().device())), labels, temperature);
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

  /** 1 for each row of logits none of which exceeds that of its label, else 0. [M, V] -> [M]. */
  public static Tensor hits(Tensor logits, int[] labels) {
    Tensor hits = logits.emptyLike(labels.length);
    Kernels.of(logits).loss().hits(logits, labels, hits);
    return hits;
  }

  /**
   * scale · Σ of the generalised Jensen-Shannon divergence of softmax(logits / T) from a teacher's probabilities: β KL(p || m)
   * + (1 - β) KL(q || m) with m = β p + (1 - β) q; KL(teacher || model) of β 0, KL(model || teacher) of β 1. There is no factor
   * T². [M, V] -> []. Source: Agarwal and others 2024, as TRL has it.
   *
   * @param logProbabilities of the teacher, at the same temperature; [M, V]
   */
  public static Variable generalizedJsd(Variable logits, Tensor logProbabilities, float beta, float temperature, float scale) {
    return GeneralizedJsd.apply(logits, logProbabilities, beta, temperature, scale);
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
      return losses.scalarLike(0);
    }
    Tensor sum = losses.emptyLike();
    Kernels.of(losses).reduce().sum(losses, 1, losses.shape().length(), 1, scale, false, sum);
    return sum;
  }

  private static void checkTarget(String op, Variable x, Tensor target) {
    if (!target.shape().equals(x.shape())) {
      throw new ShapeException(op + ": the target " + target.shape() + " must have the shape of the values " + x.shape());
    }
  }

  /** scale · Σ of a function of every element; target and weight may lie on another device, or be null. */
  static Variable pointwise(String op, Pointwise function, Variable x, Tensor target, Tensor weight, float p, float q,
      float scale) {
    Tensor in = x.value();
    Tensor gradient = in.emptyLike(in.shape());
    Tensor loss = in.emptyLike();
    Kernels.of(in).loss().pointwise(function, in, on(in, target), on(in, weight), p, q, scale, gradient, loss);
    return Variable.of(op, loss)
        .pullbackInto(x, (up, dx, accumulate) -> MathOps.scaledInto(gradient, up, accumulate, dx))
        .saves(gradient);
  }

  private static Tensor on(Tensor place, Tensor input) {
    return input == null ? null : input.to(place.device());
  }
}
