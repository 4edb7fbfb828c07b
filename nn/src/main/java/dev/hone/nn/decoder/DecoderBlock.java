package dev.hone.nn.decoder;

import dev.hone.autograd.Variable;
import dev.hone.nn.Layer;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;

/** One layer of a decoder: attention to what came before, and a feed-forward layer. [N, C] -> [N, C]. */
public interface DecoderBlock extends Layer {
  /** What becomes of the hidden states. */
  Variable forward(Variable x, TokenBatch batch, Pass pass);
}
