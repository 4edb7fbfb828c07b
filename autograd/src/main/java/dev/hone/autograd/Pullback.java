package dev.hone.autograd;

import dev.hone.core.Tensor;

/**
 * The way back from the result of an operator to one of its inputs: the gradient by the input, given that by the result.
 * The kinds {@link Into} and {@link Joint} write where it is wanted instead of returning a tensor.
 */
@FunctionalInterface
public interface Pullback {
  /**
   * Computes the gradient by the input, of the input's shape.
   *
   * @param upstream the gradient by the result; not to be written to
   * @return a tensor made here, which the graph may write to and give back, or {@code upstream} itself or a view of it; never
   *     one that was captured, such as another input
   */
  Tensor apply(Tensor upstream);

  /** A way back for kernels that can add to what is there. */
  @FunctionalInterface
  interface Into {
    /**
     * Computes the gradient by the input.
     *
     * @param upstream the gradient by the result; not to be written to
     * @param into receives the gradient by the input, of its shape
     * @param accumulate whether to add to {@code into}; otherwise its contents are arbitrary
     */
    void apply(Tensor upstream, Tensor into, boolean accumulate);
  }

  /** The way back to several inputs in one pass. */
  @FunctionalInterface
  interface Joint {
    /**
     * Computes the gradients that {@code targets} wants.
     *
     * @param upstream the gradient by the result; not to be written to
     * @param targets where they go
     */
    void apply(Tensor upstream, InputGradients targets);
  }
}
