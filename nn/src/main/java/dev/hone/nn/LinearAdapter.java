package dev.hone.nn;

import dev.hone.autograd.Variable;

/** What can take the place of a linear layer's product: LoRA and its relatives. It leaves the layer itself alone. */
public interface LinearAdapter extends Layer {
  /**
   * The layer's result with the adapter applied. [N, in] -> [N, out].
   *
   * @param base the layer whose slot this adapter is in
   */
  Variable forward(Variable x, Linear base, Pass pass);

  /** With what probability it drops inputs while training. */
  default float dropout() {
    return 0;
  }
}
