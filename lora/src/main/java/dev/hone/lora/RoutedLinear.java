package dev.hone.lora;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.ShapeOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;
import dev.hone.nn.Pass;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Several adapters in one slot: each row goes through the one that the pass names for it, or through none. Rows of the same
 * adapter go together, so that a layer costs one product per adapter, not per sequence.
 *
 * @param names of the adapters
 * @param pieces theirs for this layer, null where they have none
 */
record RoutedLinear(List<String> names, List<LinearPiece> pieces) implements LinearAdapter {
  /** The route of rows that only the base sees. */
  static final int BASE = -1;

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    int[] routes = pass.routes();
    if (routes == null) {
      return base.base(x);
    }
    if (routes.length != x.shape().dim(0)) {
      throw new IllegalStateException("adapters per sequence: " + routes.length + " routes for " + x.shape());
    }
    List<Variable> parts = new ArrayList<>();
    int[] places = new int[routes.length];
    int at = 0;
    for (int adapter = BASE; adapter < pieces.size(); adapter++) {
      int route = adapter;
      int[] rows = IntStream.range(0, routes.length).filter(row -> routes[row] == route).toArray();
      if (rows.length == 0) {
        continue;
      }
      LinearPiece piece = route == BASE ? null : pieces.get(route);
      Variable in = rows.length == routes.length ? x : GatherOps.rows(x, rows);
      parts.add(piece == null ? base.base(in) : piece.forward(in, base, pass));
      for (int row : rows) {
        places[row] = at++;
      }
    }
    return parts.size() == 1 ? parts.getFirst() : GatherOps.rows(ShapeOps.cat(0, parts), places);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    for (int i = 0; i < pieces.size(); i++) {
      if (pieces.get(i) != null) {
        visitor.layer(names.get(i), pieces.get(i));
      }
    }
  }
}
