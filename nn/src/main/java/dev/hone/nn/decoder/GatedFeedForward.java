package dev.hone.nn.decoder;

import dev.hone.autograd.ActivationOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Activation;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import dev.hone.nn.load.Weights;

/**
 * down(activation(gate(x)) · up(x)). [N, C] -> [N, C]. Source: Shazeer 2020.
 *
 * @param gate the projection that is activated, null where both are fused
 * @param up the projection that it gates, likewise
 * @param fused both in one, rows of the gate first; or null
 * @param down the projection back
 * @param activation of the gate
 */
public record GatedFeedForward(Linear gate, Linear up, Linear fused, Linear down, Activation activation) implements Layer {

  /** The layer with these weights; {@code at} is its name with a dot at its end. */
  public static GatedFeedForward load(int width, int feedForward, boolean bias, boolean fused, Activation activation, String at,
      Weights weights) {
    return new GatedFeedForward(
        fused ? null : weights.linear(at + "gate_proj", width, feedForward, bias),
        fused ? null : weights.linear(at + "up_proj", width, feedForward, bias),
        fused ? weights.linear(at + "gate_up_proj", width, 2 * feedForward, bias) : null,
        weights.linear(at + "down_proj", feedForward, width, bias), activation);
  }

  /** The layer's result. */
  public Variable forward(Variable x, Pass pass) {
    Variable wide;
    if (fused == null) {
      Variable g = gate.forward(x, pass);
      Variable u = up.forward(x, pass);
      wide = ActivationOps.gated(activation, g, u);
      g.spent();
      u.spent();
    } else {
      Variable both = fused.forward(x, pass);
      wide = ActivationOps.gated(activation, both);
      both.spent();
    }
    Variable y = down.forward(wide, pass);
    wide.spent();
    return y;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    if (fused == null) {
      visitor.layer("gate_proj", gate);
      visitor.layer("up_proj", up);
    } else {
      visitor.layer("gate_up_proj", fused);
    }
    visitor.layer("down_proj", down);
  }
}
