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

  /** The rows of the hidden states that the answers are made of, ascending; null for all. */
  default int[] reads(TokenBatch batch) {
    return null;
  }

  /**
   * The answers, from the rows that are read alone.
   *
   * @param read [M, C], the rows that {@link #reads} names
   * @param pass of all rows
   */
  default Variable forwardRead(Variable read, TokenBatch batch, Pass pass) {
    return forward(read, batch, pass);
  }
}
