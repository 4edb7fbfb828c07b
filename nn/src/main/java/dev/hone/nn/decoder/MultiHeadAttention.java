package dev.hone.nn.decoder;

import dev.hone.autograd.AttentionOps;
import dev.hone.autograd.GatherOps;
import dev.hone.autograd.GradMode;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.AttentionSpec;
import dev.hone.nn.Pass;
import dev.hone.nn.PrefixTree;
import dev.hone.nn.TokenBatch;
import java.util.List;

/**
 * Attention of one layer: a token sees its sequence, or of that only itself and what comes before it: in the batch and, where
 * a pass has one, in its cache.
 *
 * @param layer number of the layer
 * @param heads H
 * @param kvHeads G, a divisor of H
 * @param headDim D
 * @param scale factor of the scores
 * @param causal whether a token sees only itself and what comes before it
 * @param window how many tokens a token sees, itself included, in either direction; {@link Integer#MAX_VALUE} for all
 * @param softCap scores become softCap · tanh(score / softCap); 0 for none
 * @param bias of the keys, or null
 * @param dropout of the probabilities while training
 */
public record MultiHeadAttention(int layer, int heads, int kvHeads, int headDim, float scale,
    boolean causal, int window, float softCap, LinearBias bias, float dropout) {

  /** Without biases of the keys. */
  public MultiHeadAttention(int layer, int heads, int kvHeads, int headDim, float scale, boolean causal, int window,
      float softCap, float dropout) {
    this(layer, heads, kvHeads, headDim, scale, causal, window, softCap, null, dropout);
  }

  /** q [N, H · D], k and v [N, G · D] -> [N, H · D]. */
  public Variable forward(Variable q, Variable k, Variable v, TokenBatch batch, Pass pass) {
    return forward(q, k, v, all(batch), batch, pass);
  }

  /** q [M, H · D] of some rows, k and v [N, G · D] of all -> [M, H · D]. */
  public Variable forward(Variable q, Variable k, Variable v, Queries queries, TokenBatch batch, Pass pass) {
    AttentionSpec all = spec(batch, pass);
    if (pass.tree() != null) {
      PrefixTree.Keys keys = pass.tree().keys(queries.offsets());
      AttentionSpec paths = all.between(queries.offsets(), keys.offsets());
      return attended(paths, q, GatherOps.rows(k, keys.rows()), GatherOps.rows(v, keys.rows()), pass);
    }
    AttentionSpec spec = queries.rows() == null ? all : all.between(queries.offsets(), batch.offsets());
    if (pass.cache() == null) {
      return attended(spec, q, k, v, pass);
    }
    checkNoGradient();
    return pass.cache().attention(layer, spec, q, k, v);
  }

  private Variable attended(AttentionSpec spec, Variable q, Variable k, Variable v, Pass pass) {
    return pass.prefix() == null ? AttentionOps.attention(spec, q, k, v) : pass.prefix().attention(spec, layer, q, k, v);
  }

  /** Attention over queries, keys and values side by side in one projection. [N, (H + 2G) · D] -> [N, H · D]. */
  public Variable forward(Variable qkv, TokenBatch batch, Pass pass) {
    if ((pass.prefix() != null || pass.tree() != null) && pass.cache() == null) {
      List<Variable> parts = ShapeOps.split(qkv, 1, heads * headDim, kvHeads * headDim, kvHeads * headDim);
      return forward(parts.get(0), parts.get(1), parts.get(2), batch, pass);
    }
    AttentionSpec spec = spec(batch, pass);
    if (pass.cache() == null) {
      return AttentionOps.attention(spec, qkv);
    }
    checkNoGradient();
    return pass.cache().attention(layer, spec, qkv);
  }

  /** All rows of a batch as queries. */
  public Queries all(TokenBatch batch) {
    return Queries.all(batch);
  }

  /**
   * The rows that have to be queries where some are asked for: those alone, if nothing depends on a query's place; all from the
   * first of a sequence on, if it has to see what comes before it; all of them, if it looks both ways no further than a window,
   * or if probabilities are dropped by their numbers.
   *
   * @param rows ascending
   */
  public Queries queries(int[] rows, TokenBatch batch, Pass pass) {
    if (pass.dropout(dropout) > 0 || !causal && window != Integer.MAX_VALUE) {
      return Queries.all(batch);
    }
    return causal ? Queries.untilTheEnd(rows, batch) : Queries.exactly(rows, batch);
  }

  private AttentionSpec spec(TokenBatch batch, Pass pass) {
    float drop = pass.dropout(dropout);
    AttentionSpec spec = new AttentionSpec(batch.offsets(), batch.offsets(), heads, kvHeads, headDim, scale, causal, window,
        softCap, drop, drop > 0 ? pass.random(Pass.site("attention.probabilities", layer)) : null)
        .withFirstSequence(pass.place().firstSequence());
    return bias == null ? spec : spec.withKeyBias(bias.upTo(batch.extent()));
  }

  private static void checkNoGradient() {
    if (GradMode.isEnabled()) {
      throw new IllegalStateException("a pass with a cache has no gradients; run it in GradMode.generating()");
    }
  }
}
