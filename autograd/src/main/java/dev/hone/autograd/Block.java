package dev.hone.autograd;

import dev.hone.core.Scope;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A part of a model whose intermediate values go when it is done: of what was made in it, the result stays, and what operators
 * {@link Variable#saves save} for the backward pass, until that was here. A forward pass says nothing else about memory.
 *
 * <p>An operator that does not say what it saves keeps all that its block made.
 */
public final class Block {
  private static final ThreadLocal<int[]> SILENT = ThreadLocal.withInitial(() -> new int[1]);

  private Block() {}

  /** Counts operators of this thread that did not say what they save. */
  static void silent(int change) {
    SILENT.get()[0] += change;
  }

  /** The result of a part of a model. */
  public static Variable run(Supplier<Variable> part) {
    return run(null, part);
  }

  /** The result of a part of a model on a value that nobody else uses: it goes with the block, too, unless it is saved. */
  public static Variable run(UnaryOperator<Variable> part, Variable input) {
    return run(input, () -> part.apply(input));
  }

  private static Variable run(Variable input, Supplier<Variable> part) {
    if (!Scope.isOpen() && GradMode.isEnabled()) {
      return part.get(); // everything is the garbage collector's
    }
    try (Scope scope = SavedPrecision.block()) {
      if (input != null) {
        input.moveInto(scope);
      }
      int before = SILENT.get()[0];
      Variable result = part.get();
      result.moveOut();
      if (SILENT.get()[0] != before) {
        scope.keepAll();
      }
      return result;
    }
  }
}
