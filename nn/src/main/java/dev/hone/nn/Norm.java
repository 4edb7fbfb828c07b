package dev.hone.nn;

import dev.hone.autograd.Variable;

/** Brings every row to a common scale. [N, C] -> [N, C]. */
public interface Norm extends Layer {
  /** The normalised rows. */
  Variable forward(Variable x);
}
