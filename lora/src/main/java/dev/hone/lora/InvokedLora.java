package dev.hone.lora;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import java.util.List;
import java.util.stream.IntStream;

/** A LoRA for the rows that {@link InvocationInput} sends through it; the others see the base, with its bits. */
record InvokedLora(LoraLinear lora) implements LinearPiece {
  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    int[] routes = pass.routes();
    if (routes == null || routes.length != x.shape().dim(0)) {
      throw new IllegalStateException("alora_invocation_tokens: no word on which of " + x.shape().dim(0)
          + " rows are behind them");
    }
    Variable y = base.base(x);
    int[] rows = IntStream.range(0, routes.length).filter(row -> routes[row] != InvocationInput.ASLEEP).toArray();
    if (rows.length == 0) {
      return y;
    }
    if (rows.length == routes.length) {
      return lora.addTo(y, x, pass);
    }
    Variable awake = lora.addTo(GatherOps.rows(y, rows), GatherOps.rows(x, rows), pass.rows(rows));
    int[] places = IntStream.range(0, routes.length).toArray();
    for (int i = 0; i < rows.length; i++) {
      places[rows[i]] = routes.length + i;
    }
    return GatherOps.rows(ShapeOps.cat(0, List.of(y, awake)), places);
  }

  @Override
  public float dropout() {
    return lora.dropout();
  }

  @Override
  public Tensor merged(Linear base) {
    throw new AdapterException("alora_invocation_tokens: what acts on some tokens only cannot be merged");
  }

  @Override
  public void visit(LayerVisitor visitor) {
    lora.visit(visitor);
  }
}
