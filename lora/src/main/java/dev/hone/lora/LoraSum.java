package dev.hone.lora;

import dev.hone.autograd.Variable;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;
import dev.hone.nn.Pass;
import java.util.Map;

/** Several LoRA adapters in one slot at the same time: their changes add up. */
record LoraSum(Map<String, LoraLinear> byName) implements LinearAdapter {
  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    Variable y = base.base(x);
    for (LoraLinear lora : byName.values()) {
      y = lora.addTo(y, x, pass);
    }
    return y;
  }

  @Override
  public float dropout() {
    return (float) byName.values().stream().mapToDouble(LoraLinear::dropout).max().orElse(0);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    byName.forEach(visitor::layer);
  }
}
