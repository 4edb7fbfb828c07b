package dev.hone.nn;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;

/**
 * Rows of a table by number. N ids -> [N, C].
 *
 * @param weight [V, C]
 */
public record Embedding(Parameter weight) implements Layer {
  /** The rows with these numbers. */
  public Variable forward(int[] ids) {
    return GatherOps.embedding(weight, ids);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("weight", weight);
  }
}
