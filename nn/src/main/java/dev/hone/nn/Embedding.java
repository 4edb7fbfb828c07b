package dev.hone.nn;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;

/** Rows of a table by number, times a factor, or what an adapter in its slot makes of the numbers. N ids -> [N, C]. */
public final class Embedding implements Layer {
  private final Parameter weight;
  private final float scale;
  private EmbeddingAdapter adapter;

  /**
   * A table.
   *
   * @param weight [V, C]
   */
  public Embedding(Parameter weight) {
    this(weight, 1);
  }

  private Embedding(Parameter weight, float scale) {
    this.weight = weight;
    this.scale = scale;
  }

  /** This table with rows that are multiplied, as Gemma does. */
  public Embedding scaled(float factor) {
    return new Embedding(weight, factor);
  }

  /** The rows with these numbers. */
  public Variable forward(int[] ids, Pass pass) {
    return adapter == null ? base(ids) : adapter.forward(ids, this, pass);
  }

  /** The rows with these numbers, whatever adapter there is. */
  public Variable base(int[] ids) {
    return GatherOps.embedding(weight, ids, scale);
  }

  /** The table. */
  public Parameter weight() {
    return weight;
  }

  /** What rows are multiplied by. */
  public float scale() {
    return scale;
  }

  /** What is in the slot, or null. */
  public EmbeddingAdapter adapter() {
    return adapter;
  }

  /** Puts an adapter in the slot, or empties it with null. */
  public void setAdapter(EmbeddingAdapter adapter) {
    this.adapter = adapter;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter("weight", weight);
    if (adapter != null) {
      visitor.adapter(adapter);
    }
  }
}
