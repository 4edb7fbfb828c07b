package dev.hone.autograd;

import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Trades time for memory: a part of the model keeps nothing but its input and is computed again in the backward pass.
 */
public final class GradientCheckpoint {
  private GradientCheckpoint() {}

  /**
   * Applies {@code part} without recording it; the backward pass applies it again. It must give the same result both
   * times: random numbers come from counters, so dropout does. Parameters inside get their gradients whether or not
   * {@code input} needs one.
   *
   * @param part a function of its argument and of parameters, but of no other variable that needs a gradient
   */
  public static Variable run(UnaryOperator<Variable> part, Variable input) {
    if (!GradMode.isEnabled()) {
      return part.apply(input);
    }
    Tensor in = input.value();
    Tensor out;
    Set<Parameter> inside = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Variable> inputs = new ArrayList<>(List.of(input)); // and the parameters inside: the walk back is to know of them
    try (GradMode _ = GradMode.noting(parameter -> {
      if (inside.add(parameter)) {
        inputs.add(parameter);
      }
    })) {
      out = Block.run(() -> part.apply(Variable.constant(in))).value();
    }
    return Variable.of("checkpoint", out).always(inputs, (up, targets) -> {
      try (GradMode _ = GradMode.enabled(); Scope _ = Scope.open()) {
        Variable again = Variable.recomputed(in, targets.wants(0));
        Variable result = Block.run(() -> part.apply(again));
        if (result.requiresGradient()) {
          BackwardWalk.run(result, up, inside);
        }
        if (again.hasGradient()) {
          Tensor gradient = again.gradientToWrite(); // a copy if the part handed on what belongs to others
          targets.add(0, gradient.moveOut());
          gradient.release();
        }
      }
    }).saves(input.value()).roundable(input.value());
  }
}
