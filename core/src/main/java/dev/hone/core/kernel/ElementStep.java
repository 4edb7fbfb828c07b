package dev.hone.core.kernel;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import java.util.Locale;

/**
 * A step of one parameter by a rule for each element.
 *
 * @param rule how it moves
 * @param numbers of the rule
 * @param parameter p, updated
 * @param gradient g, left alone: of the parameter's shape, or [rows.length, C] of a parameter [V, C]
 * @param rows ascending numbers of the rows that the gradient has; it is zero in the others. Null if it has all
 * @param states of the parameter's shape, updated; as many as the rule has, null for one that is absent
 */
public record ElementStep(ElementRule rule, float[] numbers, Tensor parameter, Tensor gradient, int[] rows, Tensor... states) {
  /** Throws {@link ShapeException} for operands that do not fit, {@link IllegalArgumentException} for rows that do not rise. */
  public ElementStep {
    String op = rule == ElementRule.ADAMW ? "adamW" : rule.name().toLowerCase(Locale.ROOT);
    if (numbers.length != rule.numbers() || states.length != rule.states()) {
      throw new IllegalArgumentException(op + ": takes " + rule.numbers() + " numbers and " + rule.states() + " states, got "
          + numbers.length + " and " + states.length);
    }
    if (rows == null) {
      same(op, parameter, "gradient", gradient);
    } else {
      checkRows(op, parameter, gradient, rows);
    }
    for (int i = 0; i < states.length; i++) {
      boolean optional = rule == ElementRule.SGD || rule == ElementRule.RMSPROP && i > 0;
      if (states[i] == null && !optional) {
        throw new IllegalArgumentException(op + ": state " + i + " is absent");
      }
      if (states[i] != null) {
        same(op, parameter, i == 0 ? "first" : i == 1 ? "second" : "third", states[i]);
      }
    }
  }

  private static void same(String op, Tensor parameter, String name, Tensor other) {
    if (!parameter.shape().equals(other.shape())) {
      throw new ShapeException(op + ": parameter is " + parameter.shape() + ", " + name + " is " + other.shape()
          + "; the shapes must be equal");
    }
  }

  private static void checkRows(String op, Tensor parameter, Tensor gradient, int[] rows) {
    Shape shape = parameter.shape();
    if (shape.rank() != 2 || !gradient.shape().equals(shape.with(0, rows.length))) {
      throw new ShapeException(op + ": parameter is " + shape + ", gradient " + gradient.shape() + " of " + rows.length
          + " rows; it must be [rows, C] for a parameter [V, C]");
    }
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] <= (i == 0 ? -1 : rows[i - 1]) || rows[i] >= shape.dim(0)) {
        throw new IllegalArgumentException(op + ": rows[" + i + "] is " + rows[i] + "; rows must ascend, from 0 to "
            + (shape.dim(0) - 1));
      }
    }
  }
}
