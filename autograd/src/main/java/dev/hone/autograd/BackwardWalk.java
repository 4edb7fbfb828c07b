package dev.hone.autograd;

import dev.hone.core.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

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
    walk(root, upstream, resultsFirst(root));
  }

  private static void walk(Variable root, Tensor upstream, List<Variable> order) {
    root.accept(upstream, false);
    for (Variable variable : order) {
      variable.sendBack();
    }
  }

  /** Tells of each parameter when nothing that is still to come sends it anything: {@link Variable#backward(Consumer)}. */
  static void run(Variable root, Tensor upstream, Consumer<Parameter> whole) {
    List<Variable> order = resultsFirst(root);
    Map<Variable, List<Parameter>> lastOf = lastOf(order);
    root.accept(upstream, false);
    for (Variable variable : order) {
      variable.sendBack();
      lastOf.getOrDefault(variable, List.of()).forEach(whole);
    }
  }

  /** By variable, the parameters that it is the last one to send something to. */
  private static Map<Variable, List<Parameter>> lastOf(List<Variable> order) {
    Map<Parameter, Variable> last = new IdentityHashMap<>();
    List<Parameter> found = new ArrayList<>(); // in one order, whatever their hashes
    for (Variable variable : order) {
      for (Parameter parameter : parameters(variable)) {
        if (last.put(parameter, variable) == null) {
          found.add(parameter);
        }
      }
    }
    Map<Variable, List<Parameter>> lastOf = new IdentityHashMap<>();
    for (Parameter parameter : found) {
      lastOf.computeIfAbsent(last.get(parameter), _ -> new ArrayList<>()).add(parameter);
    }
    return lastOf;
  }

  private static List<Parameter> parameters(Variable variable) {
    List<Parameter> parameters = new ArrayList<>();
    for (Variable.Edge edge : variable.edges()) {
      for (Variable input : edge.inputs()) {
        if (input instanceof Parameter parameter && parameter.requiresGradient()) {
          parameters.add(parameter);
        }
      }
    }
    return parameters;
  }

  /** As above, in a part that is computed again, of which {@code known} says the parameters. */
  static void run(Variable root, Tensor upstream, Set<Parameter> known) {
    List<Variable> order = resultsFirst(root);
    for (Variable variable : order) {
      for (Parameter parameter : parameters(variable)) {
        if (!known.contains(parameter)) {
          throw new IllegalStateException("gradient checkpoint: the part uses " + parameter + " when it is computed again, and "
              + "did not at first; it must do the same both times");
        }
      }
    }
    walk(root, upstream, order);
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
