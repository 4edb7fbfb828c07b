package dev.hone.nn;

import dev.hone.autograd.AttentionOps;
import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.AttentionSpec;
import java.util.List;

/**
 * Keys and values that every sequence sees before its own, in every layer (Li and Liang 2021). They have no position: rotary
 * embedding does not turn them.
 *
 * @param embeddings [P, L · 2 · W]: of each layer the keys, then the values
 * @param width W, G · D
 */
public record AttentionPrefix(Parameter embeddings, int width) {
  /** P, the number of keys. */
  public int length() {
    return embeddings.shape().dim(0);
  }

  /** The keys of a layer, [P, W]. */
  public Variable keys(int layer) {
    return ShapeOps.slice(embeddings, 1, 2 * layer * width, (2 * layer + 1) * width);
  }

  /** The values of a layer, [P, W]. */
  public Variable values(int layer) {
    return ShapeOps.slice(embeddings, 1, (2 * layer + 1) * width, (2 * layer + 2) * width);
  }

  /**
   * Attention to the prefix and the batch.
   *
   * @param spec as it is without the prefix
   */
  public Variable attention(AttentionSpec spec, int layer, Variable q, Variable k, Variable v) {
    int[] given = spec.keyOffsets();
    int[] offsets = new int[given.length];
    int[] rows = new int[given[given.length - 1] + spec.sequences() * length()];
    int at = 0;
    for (int s = 0; s < spec.sequences(); s++) {
      for (int i = 0; i < length(); i++) {
        rows[at++] = i;
      }
      for (int i = given[s]; i < given[s + 1]; i++) {
        rows[at++] = length() + i;
      }
      offsets[s + 1] = at;
    }
    AttentionSpec longer = spec.between(spec.queryOffsets(), offsets);
    return AttentionOps.attention(longer, q, GatherOps.rows(ShapeOps.cat(0, List.of(keys(layer), k)), rows),
        GatherOps.rows(ShapeOps.cat(0, List.of(values(layer), v)), rows));
  }
}
