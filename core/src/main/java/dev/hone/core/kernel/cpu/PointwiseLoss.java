package dev.hone.core.kernel.cpu;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.LossKernels.Pointwise;

/** Losses of single numbers, one after the other in float64: outputs of classifiers are few. */
final class PointwiseLoss {
  private PointwiseLoss() {}

  private record Point(double loss, double slope) {}

  static void run(Pointwise function, Tensor x, Tensor target, Tensor weight, float p, float q, float scale,
      Tensor gradient, Tensor loss) {
    Operands.pointwise(function, x, target, weight, gradient, loss);
    int weights = weight == null ? 1 : weight.shape().length();
    float[] xs = x.array();
    float[] ys = Operands.array(target);
    float[] ws = Operands.array(weight);
    float[] ds = gradient.array();
    int length = x.shape().length();
    double sum = 0;
    for (int i = 0; i < length; i++) {
      float y = ys == null ? 0 : ys[target.offset() + i];
      float w = ws == null ? 1 : ws[weight.offset() + i % weights];
      double z = xs[x.offset() + i];
      Point point = switch (function) {
        case SQUARED_ERROR -> new Point((z - y) * (z - y), 2 * (z - y));
        case BINARY_CROSS_ENTROPY -> binaryCrossEntropy(z, y * w, 1 - y);
        case SIGMOID_FOCAL -> sigmoidFocal(z, y, p, q);
        case FOCAL -> focal(z, w, p);
        case CONTRASTIVE -> contrastive(z, y, p);
        case HINGE -> z + p > 0 ? new Point(z + p, 1) : new Point(0, 0);
      };
      sum += point.loss();
      ds[gradient.offset() + i] = (float) (scale * point.slope());
    }
    loss.array()[loss.offset()] = length == 0 ? 0 : (float) (scale * sum);
  }

  private static Point binaryCrossEntropy(double z, double yes, double no) {
    return new Point(yes * softplus(-z) + no * softplus(z), no * sigmoid(z) - yes * sigmoid(-z));
  }

  private static Point sigmoidFocal(double z, double y, float gamma, float alpha) {
    double weight = alpha * y + (1 - alpha) * (1 - y);
    double entropy = y * softplus(-z) + (1 - y) * softplus(z);
    double p = sigmoid(z);
    double miss = sigmoid(-z) * y + p * (1 - y); // 1 - p_t without cancellation
    double power = Math.pow(miss, gamma);
    double steeper = miss > 0 ? gamma * power / miss * p * sigmoid(-z) * (2 * y - 1) * entropy : 0;
    return new Point(weight * power * entropy, weight * (power * (p - y) - steeper));
  }

  private static Point focal(double lp, double weight, float gamma) {
    double q = -Math.expm1(lp);
    double power = Math.pow(q, gamma);
    double slope = q > 0 ? power - gamma * power / q * Math.exp(lp) * lp : gamma == 0 ? 1 : 0;
    return new Point(-weight * power * lp, -weight * slope);
  }

  private static Point contrastive(double d, double y, float margin) {
    double apart = Math.max(0, margin - d);
    return new Point(0.5 * (y * d * d + (1 - y) * apart * apart), y * d - (1 - y) * apart);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** log(1 + e^x). */
  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
