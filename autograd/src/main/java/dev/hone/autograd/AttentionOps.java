package dev.hone.autograd;

import dev.hone.core.AttentionSpec;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.AttentionKernels;
import dev.hone.core.kernel.Columns;
import dev.hone.core.kernel.Kernels;
import java.util.List;

/** Attention over ragged sequences, and rotary position embedding. */
public final class AttentionOps {
  private static final float HIDDEN = -1e30f; // finite: a row of nothing else must not become NaN

  private AttentionOps() {}

  /**
   * softmax(q · kᵀ · scale) · v per sequence and head, nothing of size T x T in memory. q [N, H · D], k and v [keys, G · D]
   * -> [N, H · D]. Source of the tiling: Dao and others 2022.
   *
   * <p>Queries and keys are never rounded to wait: the log-sum-exp of exact scores makes probabilities of exact scores alone.
   */
  public static Variable attention(AttentionSpec spec, Variable q, Variable k, Variable v) {
    Columns qs = Columns.of(q.value());
    Columns ks = Columns.of(k.value());
    Columns vs = Columns.of(v.value());
    Tensor out = q.value().emptyLike(q.shape());
    Tensor lse = Variable.needsGradient(q, k, v) ? out.emptyLike(spec.heads(), qs.rows()) : null;
    AttentionKernels kernels = Kernels.of("attention", q.value(), k.value(), v.value()).attention();
    kernels.forward(spec, qs, ks, vs, Columns.of(out), lse);
    return Variable.of("attention", out).pullbacks(List.of(q, k, v), (up, targets) -> {
      Tensor dq = up.emptyLike(qs.tensor().shape());
      Tensor dk = up.emptyLike(ks.tensor().shape());
      Tensor dv = up.emptyLike(vs.tensor().shape());
      kernels.backward(spec, qs, ks, vs, Columns.of(out), lse, Columns.of(up), Columns.of(dq), Columns.of(dk),
          Columns.of(dv));
      targets.add(0, dq);
      targets.add(1, dk);
      targets.add(2, dv);
    }).saves(q.value(), k.value(), v.value(), out, lse).roundable(v.value(), out);
  }

  /** Attention over queries, keys and values side by side in one projection. [N, (H + 2G) · D] -> [N, H · D]. */
  public static Variable attention(AttentionSpec spec, Variable qkv) {
    Tensor x = qkv.value();
    int queries = spec.heads() * spec.headDim();
    int keys = spec.kvHeads() * spec.headDim();
    Tensor out = x.emptyLike(x.dim(0), queries);
    Tensor lse = Variable.needsGradient(qkv) ? x.emptyLike(spec.heads(), x.dim(0)) : null;
    AttentionKernels kernels = Kernels.of(x).attention();
    kernels.forward(spec, new Columns(x, 0, queries), new Columns(x, queries, keys), new Columns(x, queries + keys, keys),
        Columns.of(out), lse);
    return Variable.of("attention", out).pullback(qkv, up -> {
      Tensor dx = x.emptyLike(x.shape());
      kernels.backward(spec, new Columns(x, 0, queries), new Columns(x, queries, keys),
          new Columns(x, queries + keys, keys), Columns.of(out), lse, Columns.of(up), new Columns(dx, 0, queries),
          new Columns(dx, queries, keys), new Columns(dx, queries + keys, keys));
      return dx;
    }).saves(qkv.value(), out, lse).roundable(out);
  }

  /**
   * Rotary position embedding: pairs (i, i + rotary/2) of every head turn by the angle of their position. [N, heads · D] ->
   * the same. Source: Su and others 2021.
   *
   * @param cos [P, rotary / 2]
   * @param sin [P, rotary / 2]
   * @param positions of the N rows, below P
   */
  public static Variable rotate(Variable x, int headDim, Tensor cos, Tensor sin, int[] positions) {
    return rotate(x, headDim, cos, sin, positions, false);
  }

  /**
   * Rotates pairs of either kind.
   *
   * @param neighbours whether the pairs are (2 · i, 2 · i + 1), as GPT-J has them
   */
  public static Variable rotate(Variable x, int headDim, Tensor cos, Tensor sin, int[] positions, boolean neighbours) {
    Tensor y = x.value().emptyLike(x.shape());
    AttentionKernels kernels = Kernels.of("rotate", x.value(), cos, sin).attention();
    kernels.rotate(Columns.of(x.value()), headDim, cos, sin, positions, neighbours, false, Columns.of(y));
    return Variable.of("rotate", y).pullback(x, up -> {
      Tensor dx = up.emptyLike(y.shape());
      kernels.rotate(Columns.of(up), headDim, cos, sin, positions, neighbours, true, Columns.of(dx));
      return dx;
    }).saves();
  }

  /**
   * softmax(q · kᵀ · scale + bias) · v with any mask, put together from products and a softmax: T x K scores are in memory.
   * {@link #attention} is for everything that offsets, causality and a window can say. q [..., H, T, D], k and v
   * [..., G, K, D] -> [..., H, T, D].
   *
   * @param mask what may be seen, broadcast to [..., H, T, K], or null; a query that sees nothing gets the mean of all values
   * @param bias added to the scores, broadcast likewise, or null
   */
  public static Variable maskedAttention(Variable q, Variable k, Variable v, Mask mask, Variable bias, float scale) {
    int groups = k.shape().dim(-3);
    if (q.shape().dim(-3) % groups != 0) {
      throw new ShapeException("maskedAttention: the " + q.shape().dim(-3) + " heads of q " + q.shape()
          + " are not a multiple of "
          + "the " + groups + " of k " + k.shape());
    }
    int repeats = q.shape().dim(-3) / groups;
    Variable keys = repeats == 1 ? k : ShapeOps.repeatInterleave(k, repeats, -3);
    Variable values = repeats == 1 ? v : ShapeOps.repeatInterleave(v, repeats, -3);
    Variable scores = MathOps.mul(MatMulOps.matmul(q, ShapeOps.transpose(keys, -1, -2)), scale);
    if (bias != null) {
      scores = MathOps.add(scores, bias);
    }
    if (mask != null) {
      scores = MathOps.where(mask, scores, Variable.constant(scores.value().scalarLike(HIDDEN)));
    }
    return MatMulOps.matmul(ReduceOps.softmax(scores, -1), values);
  }
}
