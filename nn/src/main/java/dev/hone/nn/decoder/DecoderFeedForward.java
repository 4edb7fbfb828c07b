package dev.hone.nn.decoder;

import dev.hone.autograd.ActivationOps;
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
    Variable wide;
    if (fused != null) {
      Variable both = fused.forward(x, pass);
      wide = ActivationOps.gated(activation, both);
      both.spent();
    } else if (gate != null) {
      Variable g = gate.forward(x, pass);
      Variable u = up.forward(x, pass);
      wide = ActivationOps.gated(activation, g, u);
      g.spent();
      u.spent();
    } else {
      wide = up.forward(x, activation, pass);
    }
    Variable y = down.forward(wide, pass);
    wide.spent();
    return y;
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
