package dev.hone.train.infer;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;

/**
 * Logistic regression with an L2 penalty on its weights and none on its intercepts: the one minimum of C · Σ w_i · loss_i + ½
 * |weights|²,
 * as scikit-learn has it. Of two classes there is one row of weights, whose sigmoid is the probability of the second.
 *
 * @param classes K
 * @param weights rows of D numbers: K, or 1 of two classes
 * @param intercepts one per row
 */
public record LogisticRegression(int classes, double[][] weights, double[] intercepts) {
  private static final int MEMORY = 20; // pairs of L-BFGS
  private static final int MAX_STEPS = 20_000;
  private static final double SMALL = 1e-9; // largest entry of the gradient at the end, beside what it was at the start

  /**
   * Fits. The result is a function of the arguments alone.
   *
   * @param vectors of the rows, all of D numbers
   * @param labels of the rows, from 0 to K - 1
   * @param c how little is penalised; 1 is usual
   * @param balanced whether all classes weigh the same, whatever their rows
   */
  public static LogisticRegression fit(float[][] vectors, int[] labels, int classes, double c, boolean balanced) {
    if (vectors.length == 0 || vectors.length != labels.length || classes < 2 || !(c > 0)) {
      throw new IllegalArgumentException("LogisticRegression: " + vectors.length + " vectors, " + labels.length + " labels, "
          + classes
          + " classes, C " + c + "; there must be one label per vector, 2 classes or more, and C above 0");
    }
    double[] counts = new double[classes];
    for (int label : labels) {
      counts[label]++;
    }
    double[] rowWeights = new double[labels.length];
    for (int i = 0; i < rowWeights.length; i++) {
      rowWeights[i] = c * (balanced ? labels.length / (classes * counts[labels[i]]) : 1);
    }
    int rows = classes == 2 ? 1 : classes;
    int width = vectors[0].length;
    double[] x = minimum(new Problem(vectors, labels, rowWeights, rows, width));
    double[][] weights = new double[rows][];
    double[] intercepts = new double[rows];
    for (int k = 0; k < rows; k++) {
      weights[k] = Arrays.copyOfRange(x, k * (width + 1), k * (width + 1) + width);
      intercepts[k] = x[k * (width + 1) + width];
    }
    return new LogisticRegression(classes, weights, intercepts);
  }

  /** The probabilities of the classes of a vector. */
  public double[] probabilities(float[] vector) {
    double[] logits = new double[weights.length];
    for (int k = 0; k < logits.length; k++) {
      logits[k] = intercepts[k];
      for (int d = 0; d < vector.length; d++) {
        logits[k] += weights[k][d] * vector[d];
      }
    }
    if (classes == 2) {
      double second = 1 / (1 + Math.exp(-logits[0]));
      return new double[] {1 - second, second};
    }
    return softmax(logits);
  }

  private static double[] softmax(double[] logits) {
    double largest = Arrays.stream(logits).max().orElse(0);
    double[] p = new double[logits.length];
    double sum = 0;
    for (int k = 0; k < p.length; k++) {
      p[k] = Math.exp(logits[k] - largest);
      sum += p[k];
    }
    for (int k = 0; k < p.length; k++) {
      p[k] /= sum;
    }
    return p;
  }

  /** The objective; parameters are rows of weights, each with its intercept behind it. */
  private record Problem(float[][] vectors, int[] labels, double[] rowWeights, int rows, int width) {
    double at(double[] x, double[] gradient) {
      Arrays.fill(gradient, 0);
      double value = 0;
      double[] logits = new double[rows];
      for (int i = 0; i < vectors.length; i++) {
        for (int k = 0; k < rows; k++) {
          int at = k * (width + 1);
          logits[k] = x[at + width];
          for (int d = 0; d < width; d++) {
            logits[k] += x[at + d] * vectors[i][d];
          }
        }
        value += rowWeights[i] * loss(logits, labels[i]);
        double[] slopes = slopes(logits, labels[i]);
        for (int k = 0; k < rows; k++) {
          double slope = rowWeights[i] * slopes[k];
          int at = k * (width + 1);
          for (int d = 0; d < width; d++) {
            gradient[at + d] += slope * vectors[i][d];
          }
          gradient[at + width] += slope;
        }
      }
      for (int k = 0; k < rows; k++) {
        for (int d = 0; d < width; d++) {
          int at = k * (width + 1) + d;
          value += 0.5 * x[at] * x[at];
          gradient[at] += x[at];
        }
      }
      return value;
    }

    private double loss(double[] logits, int label) {
      if (rows == 1) {
        double z = label == 1 ? logits[0] : -logits[0];
        return Math.max(-z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
      }
      double largest = Arrays.stream(logits).max().orElse(0);
      double sum = 0;
      for (double logit : logits) {
        sum += Math.exp(logit - largest);
      }
      return largest + Math.log(sum) - logits[label];
    }

    private double[] slopes(double[] logits, int label) {
      if (rows == 1) {
        return new double[] {1 / (1 + Math.exp(-logits[0])) - label};
      }
      double[] p = softmax(logits);
      p[label] -= 1;
      return p;
    }
  }

  /** L-BFGS with a backtracking line search; the objective is strictly convex but for a shift of all intercepts. */
  private static double[] minimum(Problem problem) {
    double[] x = new double[problem.rows * (problem.width + 1)];
    double[] gradient = new double[x.length];
    double value = problem.at(x, gradient);
    double enough = SMALL * Math.max(1, largest(gradient));
    Deque<double[][]> memory = new ArrayDeque<>(); // the latest first: steps and changes of the gradient
    for (int step = 0; step < MAX_STEPS && largest(gradient) > enough; step++) {
      double[] direction = direction(gradient, memory);
      double slope = dot(direction, gradient);
      double[] next = new double[x.length];
      double[] nextGradient = new double[x.length];
      double length = 1;
      double reached = Double.NaN;
      for (int tries = 0; tries < 60; tries++, length /= 2) {
        for (int i = 0; i < x.length; i++) {
          next[i] = x[i] + length * direction[i];
        }
        reached = problem.at(next, nextGradient);
        // Near the minimum values differ by less than rounding; there the slope decides.
        if (reached <= value + 1e-4 * length * slope || Math.abs(dot(direction, nextGradient)) < 0.9 * Math.abs(slope)
            && reached <= value + 1e-12 * Math.abs(value)) {
          break;
        }
      }
      double[] moved = difference(next, x);
      double[] changed = difference(nextGradient, gradient);
      if (dot(moved, changed) <= 0) {
        break; // no step that rounding would let be seen
      }
      memory.addFirst(new double[][] {moved, changed});
      if (memory.size() > MEMORY) {
        memory.removeLast();
      }
      x = next;
      gradient = nextGradient;
      value = reached;
    }
    return x;
  }

  private static double[] direction(double[] gradient, Deque<double[][]> memory) {
    double[] q = gradient.clone();
    double[] alphas = new double[memory.size()];
    int i = 0;
    for (double[][] pair : memory) {
      alphas[i] = dot(pair[0], q) / dot(pair[0], pair[1]);
      add(q, -alphas[i++], pair[1]);
    }
    double scale = memory.isEmpty() ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient)))
        : dot(memory.peekFirst()[0], memory.peekFirst()[1]) / dot(memory.peekFirst()[1], memory.peekFirst()[1]);
    for (int d = 0; d < q.length; d++) {
      q[d] *= scale;
    }
    Iterator<double[][]> oldest = memory.descendingIterator();
    while (oldest.hasNext()) {
      double[][] pair = oldest.next();
      double beta = dot(pair[1], q) / dot(pair[0], pair[1]);
      add(q, alphas[--i] - beta, pair[0]);
    }
    for (int d = 0; d < q.length; d++) {
      q[d] = -q[d];
    }
    return q;
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElse(0);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void add(double[] to, double factor, double[] x) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * x[i];
    }
  }

  private static double[] difference(double[] a, double[] b) {
    double[] difference = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return difference;
  }
}
