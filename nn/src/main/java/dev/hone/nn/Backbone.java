package dev.hone.nn;

import dev.hone.autograd.Variable;
import java.util.function.Consumer;

/** A transformer without its head. */
public interface Backbone extends Layer {
  /** Looks at no hidden states, so that their memory can go as soon as the next layer has run. */
  Consumer<Variable> NOBODY = hidden -> { };

  /** The table of token embeddings, which a tied head shares. */
  Embedding embeddings();

  /** The hidden states after the last layer (and the final norm, if there is one). [N, C]. */
  default Variable forward(TokenBatch batch, Pass pass) {
    return forward(batch, pass, NOBODY);
  }

  /**
   * Runs the layers and shows the hidden states on the way.
   *
   * @param observer gets the embeddings, then what every layer returns: L + 1 values of [N, C], the last of them after the
   *     final norm, if there is one
   */
  Variable forward(TokenBatch batch, Pass pass, Consumer<Variable> observer);
}
