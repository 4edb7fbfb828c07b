package dev.hone.nn.decoder;

import dev.hone.autograd.ActivationOps;
import dev.hone.autograd.Block;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.decoder.DecoderNames.BlockNames;

/**
 * down(activation(gate(x)) · up(x)) (Shazeer 2020), or down(activation(up(x))) without a gate. [N, C] -> [N, C].
 *
 * @param gate the projection that is activated, null where both are fused or there is none
 * @param up the projection that it gates, or that is activated; null where both are fused
 * @param fused both in one, rows of the gate first; or null
 * @param down the projection back
 */
record DecoderFeedForward(BlockNames names, Linear gate, Linear up, Linear fused, Linear down, Activation activation)
    implements Layer {

  /** The layer's result. */
  public Variable forward(Variable x, Pass pass) {
    return Block.run(() -> lowered(x, pass)); // the widest value of a layer goes at once
  }

  private Variable lowered(Variable x, Pass pass) {
    Variable wide = fused != null ? ActivationOps.gated(activation, fused.forward(x, pass))
        : gate != null ? ActivationOps.gated(activation, gate.forward(x, pass), up.forward(x, pass))
        : up.forward(x, activation, pass);
    return down.forward(wide, pass);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    if (fused != null) {
      visitor.layer(names.fusedGate(), fused);
    } else {
      if (gate != null) {
        visitor.layer(names.gate(), gate);
      }
      visitor.layer(names.up(), up);
    }
    visitor.layer(names.down(), down);
  }
}
