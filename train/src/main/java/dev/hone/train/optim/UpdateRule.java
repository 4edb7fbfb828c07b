package dev.hone.train.optim;

import dev.hone.autograd.RowGradient;
import dev.hone.core.Tensor;
import java.util.List;
import java.util.Map;

/**
 * How one parameter moves in one step. Rules are values: what they remember of a parameter is in its
 * {@link ParameterState}, so an {@link Optimizer} can keep, write and read it without knowing the rule. One of your own
 * implements
 * {@link #update}; an {@link OptimizerProvider} makes it known to {@code optim}.
 */
public interface UpdateRule {
  /**
   * Moves a parameter; {@code state.step()} already counts this step.
   *
   * @param gradient of the parameter's shape, left alone
   * @param rate learning rate
   * @param decay weight decay; whether it shrinks the weight or joins the gradient is the rule's own
   * @param scale what clipping multiplies the gradient by; -1 climbs instead of descending
   */
  void update(ParameterState state, Tensor gradient, double rate, double decay, float scale);

  /**
   * Changes a parameter by a gradient of some rows, zero in all others, with the same bits. A rule that does not say how takes it
   * whole.
   *
   * @param gradient that of {@code state.parameter()}
   */
  default void update(ParameterState state, RowGradient gradient, double rate, double decay, float scale) {
    update(state, state.parameter().gradient(), rate, decay, scale);
  }

  /**
   * Whether {@link #update(ParameterState, RowGradient, double, double, float) rows alone} are taken, without the whole gradient.
   */
  default boolean takesRows() {
    return false;
  }

  /**
   * Whether a number moves by its own gradient and states alone, each state having the parameter's shape, so that any rows of a
   * parameter can be moved apart from the others, to the same bits.
   */
  default boolean elementwise() {
    return false;
  }

  /** Bytes that the rule keeps of every element that it moves, for the estimate of what training needs; two means if not said. */
  default double bytesPerElement() {
    return 2 * Float.BYTES;
  }

  /** Whether the rule can move a parameter of this many axes. */
  default boolean takes(int rank) {
    return true;
  }

  /** The names that {@link #named} knows. */
  static List<String> names() {
    return RuleNames.known();
  }

  /**
   * The rule of a name as in {@code optim}: {@code adamw} (or {@code adamw_torch}), {@code adamw_8bit}, {@code adam},
   * {@code sgd}, {@code adafactor}, {@code lion}, {@code muon}, {@code nadam}, {@code radam}, {@code rmsprop},
   * {@code adagrad} and others of {@link #names()}.
   *
   * @param beta1 decay of the mean of gradients, for the rules of Adam's kind
   * @param beta2 decay of the mean of squares
   * @param eps added to the root of the mean of squares
   * @param arguments as in {@code optim_args}, such as {@code momentum} or {@code nesterov}
   * @throws IllegalArgumentException naming what is known, for a name or an argument that is not
   */
  static UpdateRule named(String name, double beta1, double beta2, double eps, Map<String, ?> arguments) {
    return RuleNames.rule(name, beta1, beta2, eps, arguments);
  }
}
