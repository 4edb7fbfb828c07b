package dev.hone.core.kernel.cpu;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.LossKernels;
import dev.hone.core.kernel.loops.ReduceLoops;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/**
 * Cross-entropy. A row of logits is read from memory once: its maximum, its exponentials and their scaling to the gradient
 * follow each other while the row is in the cache.
 */
public final class CpuLoss implements LossKernels {
  private final ReduceLoops loops;

  /** Losses on these loops. */
  public CpuLoss(ReduceLoops loops) {
    this.loops = loops;
  }

  @Override
  public void crossEntropy(Tensor logits, int[] labels, Tensor classWeights, float smoothing, float zLoss,
      boolean gradient, float scale, Tensor losses) {
    int rows = logits.shape().rows();
    int v = logits.shape().columns();
    Operands.labels("crossEntropy", logits, labels);
    Operands.size("crossEntropy", "losses", losses, rows, "one per row");
    Operands.size("crossEntropy", "classWeights", classWeights, v, "one per class");
    float[] zs = logits.array();
    int zi = logits.offset();
    float[] ls = losses.array();
    int li = losses.offset();
    Rows work = new Rows(loops, v, Operands.array(classWeights), Operands.offset(classWeights), smoothing, zLoss, scale);
    Workers.ranges(rows, CpuElementwise.rowGrain(v), (from, to) -> {
      for (int row = from; row < to; row++) {
        ls[li + row] = work.row(zs, zi + row * v, labels[row], gradient);
      }
    });
  }

  @Override
  public void hits(Tensor logits, int[] labels, Tensor hits) {
    int rows = logits.shape().rows();
    int v = logits.shape().columns();
    Operands.size("hits", "hits", hits, rows, "one per row");
    Operands.labels("hits", logits, labels);
    float[] zs = logits.array();
    int zi = logits.offset();
    float[] hs = hits.array();
    int hi = hits.offset();
    Workers.ranges(rows, CpuElementwise.rowGrain(v), (from, to) -> {
      for (int row = from; row < to; row++) {
        hs[hi + row] = labels[row] >= 0 && zs[zi + row * v + labels[row]] >= loops.max(zs, zi + row * v, v) ? 1 : 0;
      }
    });
  }

  @Override
  public void pointwise(Pointwise function, Tensor x, Tensor target, Tensor weight, float p, float q, float scale,
      Tensor gradient, Tensor loss) {
    PointwiseLoss.run(function, x, target, weight, p, q, scale, gradient, loss);
  }

  /**
   * One row at a time. With lse = log Σ e^z and W = Σ w: loss = (1 - e) · w[t] · (lse - z[t]) + e / V · (W · lse - Σ w · z)
   * + zLoss · lse², and its derivative by z[j] is p[j] · ((1 - e) · w[t] + e / V · W + 2 · zLoss · lse) - e / V · w[j]
   * less (1 - e) · w[t] at t.
   */
  private record Rows(ReduceLoops loops, int v, float[] weights, int wi, double smoothing, double zLoss, double scale,
      double weightSum) {
    Rows(ReduceLoops loops, int v, float[] weights, int wi, float smoothing, float zLoss, float scale) {
      this(loops, v, weights, wi, smoothing, zLoss, scale, weights == null ? v : loops.sum(weights, wi, v));
    }

    float row(float[] z, int zi, int label, boolean gradient) {
      if (label < 0) {
        if (gradient) {
          Arrays.fill(z, zi, zi + v, 0);
        }
        return 0;
      }
      float max = loops.max(z, zi, v);
      double own = (1 - smoothing) * (weights == null ? 1 : weights[wi + label]);
      double other = smoothing / v;
      double labelLogit = z[zi + label];
      double others = smoothing == 0 ? 0 : weights == null ? loops.sum(z, zi, v) : loops.dot(weights, wi, z, zi, v);
      double sum = gradient ? loops.exp(z, zi, max, z, zi, v) : loops.sumOfExp(z, zi, max, v);
      double lse = max + Math.log(sum);
      double loss = own * (lse - labelLogit) + zLoss * lse * lse;
      if (smoothing != 0) {
        loss += other * (weightSum * lse - others);
      }
      if (gradient) {
        float factor = (float) (scale * (own + other * weightSum + 2 * zLoss * lse) / sum);
        float share = (float) (-scale * other);
        loops.affine(z, zi, factor, weights == null ? share : 0, z, zi, v);
        if (weights != null && smoothing != 0) {
          loops.addScaled(share, weights, wi, z, zi, v);
        }
        z[zi + label] -= (float) (scale * own);
      }
      return (float) loss;
    }
  }
}
