package dev.hone.train.infer;

/** What logits, the numbers of a model before they are probabilities, stand for. Sums are made in double precision. */
public final class Logits {
  private Logits() {}

  /** The index of the largest number, the first of several. */
  public static int argMax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Probabilities of classes of which one is right: exp(x_i) / Σ exp(x_j). */
  public static double[] softmax(float[] logits) {
    double largest = logits[argMax(logits)];
    double sum = sumOfExponentials(logits, largest);
    double[] p = new double[logits.length];
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp(logits[i] - largest) / sum;
    }
    return p;
  }

  /** The cross-entropy of a class: the negative logarithm of its probability. */
  public static double crossEntropy(float[] logits, int right) {
    double largest = logits[argMax(logits)];
    return Math.log(sumOfExponentials(logits, largest)) - (logits[right] - largest);
  }

  private static double sumOfExponentials(float[] logits, double largest) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - largest);
    }
    return sum;
  }

  /** Probabilities of labels that hold or not, each for itself: 1 / (1 + exp(-x_i)). */
  public static double[] sigmoid(float[] logits) {
    double[] p = new double[logits.length];
    for (int i = 0; i < p.length; i++) {
      p[i] = 1 / (1 + Math.exp(-(double) logits[i]));
    }
    return p;
  }
}
