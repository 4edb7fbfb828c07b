package dev.hone.nn.encoder;

import dev.hone.autograd.ActivationOps;
import dev.hone.autograd.Block;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;

/**
 * down(activation(up(x))), or down(activation(gate(x)) · up(x)). [N, C] -> [N, C].
 *
 * @param gate the projection that is activated and gates the other one, null if there is none or both are fused
 * @param up to F, or to 2 F if the gate is in it
 * @param fusedGate whether {@code up} is the gate and what it gates, rows of the gate first
 * @param down back to C
 * @param dropout between activation and {@code down}; {@link #NO_DROPOUT} where the family has none, whatever a run asks for
 */
public record EncoderFeedForward(Named<Linear> gate, Named<Linear> up, boolean fusedGate, Named<Linear> down,
    Activation activation,
    float dropout) implements Layer {
  /** No place for dropout, not even of a run that sets its own. */
  public static final float NO_DROPOUT = -1;

  /** Without gate. */
  public static EncoderFeedForward plain(Named<Linear> up, Named<Linear> down, Activation activation) {
    return new EncoderFeedForward(null, up, false, down, activation, NO_DROPOUT);
  }

  Variable forward(Variable x, int layer, Pass pass) {
    return Block.run(() -> lowered(x, layer, pass)); // the widest value of a layer goes at once
  }

  private Variable lowered(Variable x, int layer, Pass pass) {
    Variable wide = gate != null ? ActivationOps.gated(activation, gate.layer().forward(x, pass), up.layer().forward(x, pass))
        : fusedGate ? ActivationOps.gated(activation, up.layer().forward(x, pass))
        : up.layer().forward(x, activation, pass);
    if (dropout >= 0) {
      wide = pass.dropout(wide, dropout, Pass.site("feedForward.wide", layer));
    }
    return down.layer().forward(wide, pass);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    Named.visit(gate, visitor);
    Named.visit(up, visitor);
    Named.visit(down, visitor);
  }
}
