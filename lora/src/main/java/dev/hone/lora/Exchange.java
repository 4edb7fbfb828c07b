package dev.hone.lora;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;

/**
 * A parameter of the base model for which an adapter has a value of its own. One of the two values is in the model, the other
 * one waits here: the base's is never written, and taking the adapter out brings it back to the bit.
 */
final class Exchange {
  private final Parameter parameter;
  private final boolean trained;
  private Tensor waiting;
  private boolean inModel;

  /**
   * The adapter's value waits.
   *
   * @param own F32, on the heap
   * @param trained whether the adapter trains and stores it, or just needs another value than the base's
   */
  Exchange(Parameter parameter, Tensor own, boolean trained) {
    this.parameter = parameter;
    this.trained = trained;
    this.waiting = own;
  }

  /** A parameter that is trained, starting from what the base has. */
  static Exchange trained(Parameter parameter) {
    return new Exchange(parameter, parameter.value().copy().keep(), true);
  }

  Parameter parameter() {
    return parameter;
  }

  boolean isTrained() {
    return trained;
  }

  /** Puts the adapter's value into the model, or takes it out. */
  void put(boolean adapted) {
    if (adapted != inModel) {
      swap();
      parameter.setTrainable(adapted && trained);
    }
  }

  /** Exchanges the values for a moment: gradients and what is trainable stay. */
  void swap() {
    waiting = parameter.exchange(waiting);
    inModel = !inModel;
  }
}
