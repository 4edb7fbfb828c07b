package dev.hone.nn.encoder;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Layer;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;

/** One layer of an encoder. */
public interface EncoderLayer extends Layer {
  /**
   * What the layer makes of the tokens. [N, C] -> [N, C].
   *
   * @param index number of the layer
   */
  Variable forward(Variable x, int index, TokenBatch batch, Pass pass);

  /**
   * What it makes of some of them. [N, C] -> [M, C].
   *
   * @param rows ascending, each once; null for all
   */
  default Variable forward(Variable x, int[] rows, int index, TokenBatch batch, Pass pass) {
    Variable y = forward(x, index, batch, pass);
    return rows == null ? y : GatherOps.rows(y, rows);
  }
}
