package dev.hone.autograd;

import dev.hone.core.Tensor;
import java.util.List;

/** Where a {@link Pullback.Joint} leaves the gradients of its inputs, by their position in the list of inputs. */
public final class InputGradients {
  private final List<Variable> inputs;

  InputGradients(List<Variable> inputs) {
    this.inputs = inputs;
  }

  /** Whether input {@code index} needs a gradient. */
  public boolean wants(int index) {
    Variable input = inputs.get(index);
    return input != null && input.requiresGradient();
  }

  /** Whether the buffer of an input holds something to add to. Ask before {@link #buffer}. */
  public boolean accumulates(int index) {
    return wants(index) && inputs.get(index).hasGradient();
  }

  /** The tensor for the gradient of an input, or null if none is wanted. */
  public Tensor buffer(int index) {
    return wants(index) ? inputs.get(index).gradientToWrite() : null;
  }

  /** Like {@link #buffer} for those who always add: zeros if nothing is there yet. */
  public Tensor sum(int index) {
    boolean fresh = wants(index) && !accumulates(index);
    Tensor buffer = buffer(index);
    return fresh ? buffer.fill(0) : buffer;
  }

  /** Gives a fresh tensor, which nobody else uses, as the gradient of an input. */
  public void add(int index, Tensor contribution) {
    if (wants(index)) {
      inputs.get(index).accept(contribution, true);
    } else {
      contribution.release();
    }
  }

  /** Adds {@code scale} times each row of a contribution to a row of the gradient of an input; row -1 is left out. */
  void addRows(int index, Tensor contribution, int[] rows, float scale) {
    if (wants(index)) {
      inputs.get(index).acceptRows(contribution, rows, scale);
    }
  }

  /** Gives one fresh tensor as the gradient of two inputs, without a copy unless one of them adds to it later. */
  void share(Tensor contribution, int first, int second) {
    contribution.retain();
    inputs.get(first).accept(contribution, false);
    inputs.get(second).accept(contribution, false);
    contribution.release();
  }
}
