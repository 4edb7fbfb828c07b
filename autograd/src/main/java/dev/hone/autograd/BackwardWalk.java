package dev.hone.autograd;

import dev.hone.core.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * One pass from a result back to everything it was computed from.
 *
 * <p>Implementation note: variables are numbered as they are made, inputs before results, so the order of the walk is the
 * reverse of their numbers; no recursion, so depth is no limit.
 */
final class BackwardWalk {
  private BackwardWalk() {}

  /** Hands {@code upstream} to the root and lets every variable pass its gradient on once all of it has arrived. */
  static void run(Variable root, Tensor upstream) {
    List<Variable> order = resultsFirst(root);
    root.accept(upstream, false);
    for (Variable variable : order) {
      variable.sendBack();
    }
  }

  private static List<Variable> resultsFirst(Variable root) {
    List<Variable> found = new ArrayList<>();
    ArrayDeque<Variable> open = new ArrayDeque<>();
    Set<Variable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    open.push(root);
    seen.add(root);
    while (!open.isEmpty()) {
      Variable variable = open.pop();
      if (variable.isLeaf()) {
        continue;
      }
      if (variable.isConsumed()) {
        throw consumed(root, variable);
      }
      found.add(variable);
      for (Variable.Edge edge : variable.edges()) {
        for (Variable input : edge.inputs()) {
          if (input != null && input.requiresGradient() && seen.add(input)) {
            open.push(input);
          }
        }
      }
    }
    found.sort(Comparator.comparingLong(Variable::number).reversed());
    return found;
  }

  private static IllegalStateException consumed(Variable root, Variable variable) {
    String what = root == variable ? "this graph" : "'" + variable.op() + "' " + variable.shape() + ", a part of this graph,";
    return new IllegalStateException("backward: " + what + " was already walked and its memory given back; compute it again, "
        + "or add the losses and walk once");
  }
}
