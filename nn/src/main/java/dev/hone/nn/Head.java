package dev.hone.nn;

import dev.hone.autograd.Variable;

/** What makes answers of hidden states. */
public interface Head extends Layer {
  /**
   * The answers.
   *
   * @param hidden [N, C]
   * @return [S, labels], [N, V] or [S, C], as the task wants
   */
  Variable forward(Variable hidden, TokenBatch batch, Pass pass);
}
