package dev.hone.nn;

import dev.hone.autograd.Variable;

/** Brings every row to a common scale. [N, C] -> [N, C]. */
public sealed interface Norm extends Layer permits LayerNorm, RmsNorm {
  /** The normalised rows. */
  Variable forward(Variable x);
}
