package dev.hone.nn.encoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Layer;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;

/** Attention of a layer up to the projection back: of every token to its sequence. */
public interface EncoderAttention extends Layer {
  /**
   * What the heads bring together. [N, C] -> [N, H · D].
   *
   * @param layer number of the layer: layers may share their weights, but not the random numbers of dropout
   */
  Variable forward(Variable x, int layer, TokenBatch batch, Pass pass);

  /**
   * What they bring together for some tokens. [N, C] -> [M, H · D].
   *
   * @param rows ascending, each once; null for all
   */
  default Variable forward(Variable x, int[] rows, int layer, TokenBatch batch, Pass pass) {
    Variable y = forward(x, layer, batch, pass);
    return rows == null ? y : GatherOps.rows(y, rows);
  }
}
