package dev.hone.autograd;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.LossKernels.Pointwise;

/**
 * Losses of pairs and triplets of vectors, from their similarities or distances. As those of {@link LossOps}, each is
 * {@code scale} times a sum. In float64, and no kernels: a batch has few pairs.
 */
public final class PairLossOps {
  private PairLossOps() {}

  /**
   * CoSENT: scale · log(1 + Σ exp(s_i - s_j)) over all i, j with target_i &lt; target_j, so that only the order of the targets
   * counts. [S] -> []. Source: Su 2022.
   *
   * @param similarities s, already multiplied by what makes differences steep (20 is usual for cosines)
   * @param targets S numbers
   */
  public static Variable cosent(Variable similarities, float[] targets, float scale) {
    requireOnePer("cosent", similarities, targets);
    float[] s = similarities.value().toFloatArray();
    double largest = 0; // of the exponents, that of the 1 included
    for (int i = 0; i < s.length; i++) {
      for (int j = 0; j < s.length; j++) {
        largest = targets[i] < targets[j] ? Math.max(largest, (double) s[i] - s[j]) : largest;
      }
    }
    double sum = Math.exp(-largest);
    double[] slope = new double[s.length];
    for (int i = 0; i < s.length; i++) {
      for (int j = 0; j < s.length; j++) {
        if (targets[i] < targets[j]) {
          double e = Math.exp((double) s[i] - s[j] - largest);
          sum += e;
          slope[i] += e;
          slope[j] -= e;
        }
      }
    }
    float[] gradient = new float[s.length];
    for (int i = 0; i < s.length; i++) {
      gradient[i] = (float) (scale * slope[i] / sum);
    }
    Tensor ds = Tensor.of(gradient, s.length).to(similarities.value().device());
    return Variable.of("cosent", ds.scalarLike((float) (scale * (largest + Math.log(sum)))))
        .pullbackInto(similarities, (up, dx, accumulate) -> MathOps.scaledInto(ds, up, accumulate, dx))
        .saves(ds);
  }

  /**
   * Contrastive loss: scale · Σ ½ · (y · d² + (1 - y) · max(0, margin - d)²). [S] -> []. Source: Hadsell and others 2006.
   *
   * @param distances d
   * @param targets y: 1 where the two belong together, 0 where they do not
   */
  public static Variable contrastive(Variable distances, float[] targets, float margin, float scale) {
    requireOnePer("contrastive", distances, targets);
    Tensor y = Tensor.of(targets, targets.length);
    return LossOps.pointwise("contrastive", Pointwise.CONTRASTIVE, distances, y, null, margin, 0, scale);
  }

  /**
   * Triplet loss: scale · Σ max(0, near - far + margin). [S], [S] -> []. Source: Schroff and others 2015.
   *
   * @param near distances of what belongs together
   * @param far distances of what does not
   */
  public static Variable triplet(Variable near, Variable far, float margin, float scale) {
    return LossOps.pointwise("triplet", Pointwise.HINGE, MathOps.sub(near, far), null, null, margin, 0, scale);
  }

  private static void requireOnePer(String op, Variable x, float[] targets) {
    if (x.shape().rank() != 1 || x.shape().dim(0) != targets.length) {
      throw new ShapeException(op + ": " + targets.length + " targets for " + x.shape());
    }
  }
}
