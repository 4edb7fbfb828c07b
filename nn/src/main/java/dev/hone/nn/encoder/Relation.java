package dev.hone.nn.encoder;

import dev.hone.autograd.Variable;
import dev.hone.nn.Pass;

/** What the distance of two tokens adds to their score. */
public interface Relation {
  /**
   * What is added to the scores of one sequence, before the softmax.
   *
   * @param q queries, [H, T, D]
   * @param k keys, [H, T, D]
   * @param attention whose projections the relation may share
   * @param layer number of the layer
   * @param pass of rows as many as are looked at, all of which go the way of this sequence
   * @return [H, T, T], or what broadcasts to that
   */
  Variable scores(Variable q, Variable k, RelativeAttention attention, int layer, Pass pass);
}
