package dev.hone.nn;

import dev.hone.autograd.ReduceOps;
import dev.hone.autograd.Variable;

/** The mean of the hidden states of each sequence: sentence embeddings, before their normalisation. [N, C] -> [S, C]. */
public record MeanPooling() implements Head {
  @Override
  public Variable forward(Variable hidden, TokenBatch batch, Pass pass) {
    return ReduceOps.meanPerSequence(hidden, batch.offsets());
  }

  @Override
  public void visit(LayerVisitor visitor) {}
}
