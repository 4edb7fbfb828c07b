package dev.hone.autograd;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;

/**
 * The generalised Jensen-Shannon divergence of rows of logits from probabilities that are given, in float64 (Agarwal and others
 * 2024). With q = softmax(z / T) and m = β p + (1 - β) q: β KL(p || m) + (1 - β) KL(q || m); KL(p || q) of β 0, KL(q || p) of
 * 1.
 */
final class GeneralizedJsd {
  private GeneralizedJsd() {}

  static Variable apply(Variable logits, Tensor logProbabilities, float beta, float temperature, float scale) {
    if (!logProbabilities.shape().equals(logits.shape())) {
      throw new ShapeException("generalizedJsd: the probabilities " + logProbabilities.shape()
          + " must have the shape of the logits " + logits.shape());
    }
    if (!(beta >= 0 && beta <= 1) || !(temperature > 0)) {
      throw new IllegalArgumentException("generalizedJsd: beta must be from 0 to 1 and the temperature above 0, got " + beta
          + " and " + temperature);
    }
    int rows = logits.shape().rows();
    int width = logits.shape().columns();
    float[] z = logits.value().toFloatArray();
    float[] logP = logProbabilities.toFloatArray();
    double[] losses = new double[rows];
    Workers.run(rows, row -> losses[row] = row(z, logP, row * width, width, beta, temperature, scale)); // z becomes the gradient
    double sum = 0;
    for (double loss : losses) {
      sum += loss;
    }
    Tensor gradient = Tensor.of(z, logits.shape().toArray()).to(logits.value().device());
    return Variable.of("generalizedJsd", logits.value().scalarLike((float) (scale * sum)))
        .pullbackInto(logits, (up, dx, accumulate) -> MathOps.scaledInto(gradient, up, accumulate, dx))
        .saves(gradient);
  }

  /** The divergence of a row, whose logits are overwritten by scale times its slope by them. */
  private static double row(float[] z, float[] logP, int from, int width, double beta, double temperature, double scale) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = from; j < from + width; j++) {
      largest = Math.max(largest, z[j] / temperature);
    }
    double total = 0;
    for (int j = from; j < from + width; j++) {
      total += Math.exp(z[j] / temperature - largest);
    }
    double logTotal = largest + Math.log(total);
    double loss = 0;
    double mean = 0; // of the slopes by q, under q
    double[] slopes = new double[width];
    double[] q = new double[width];
    for (int j = 0; j < width; j++) {
      double logQ = z[from + j] / temperature - logTotal;
      q[j] = Math.exp(logQ);
      double lp = logP[from + j];
      double p = Math.exp(lp);
      if (beta == 0) {
        loss += p == 0 ? 0 : p * (lp - logQ);
        slopes[j] = q[j] - p;
        continue;
      }
      if (beta == 1) {
        slopes[j] = logQ - lp;
        loss += q[j] * slopes[j];
      } else {
        double logM = Math.log(beta * p + (1 - beta) * q[j]);
        slopes[j] = q[j] == 0 ? 0 : (1 - beta) * (logQ - logM);
        loss += q[j] * slopes[j] + (p == 0 ? 0 : beta * p * (lp - logM));
      }
      mean += q[j] * slopes[j];
    }
    for (int j = 0; j < width; j++) {
      z[from + j] = (float) (scale / temperature * (beta == 0 ? slopes[j] : q[j] * (slopes[j] - mean)));
    }
    return loss;
  }
}
