package dev.hone.train.optim;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.ElementStep;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** What an optimiser remembers of one parameter: tensors by name, made when first asked for, and the number of its steps. */
public final class ParameterState {
  private final Parameter parameter;
  private final Consumer<ElementStep> mover;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private long step;

  /**
   * Nothing yet.
   *
   * @param mover takes the steps that rules make by {@link #move}, now or with those of other parameters
   */
  ParameterState(Parameter parameter, Consumer<ElementStep> mover) {
    this.parameter = parameter;
    this.mover = mover;
  }

  /** The parameter. */
  public Parameter parameter() {
    return parameter;
  }

  /** Steps that this parameter has taken, the current one included. Steps without a gradient do not count. */
  public long step() {
    return step;
  }

  void setStep(long steps) {
    step = steps;
  }

  /** The tensors made so far, by name. */
  public Map<String, Tensor> tensors() {
    return tensors;
  }

  /** A tensor of the parameter's shape, zero at first. */
  public Tensor tensor(String name) {
    return tensor(name, 0, parameter.shape());
  }

  /** A tensor of another shape, filled with a number at first. */
  public Tensor tensor(String name, float initial, Shape shape) {
    Tensor found = tensors.get(name);
    if (found == null) {
      found = Tensor.persistent(parameter.value().device(), shape);
      if (initial != 0) {
        found.fill(initial);
      }
      tensors.put(name, found);
    }
    return found;
  }

  /** Bytes, {@code initial} at first: a U8 tensor that only kernels of optimisers change. */
  Tensor bytes(String name, int length, byte initial) {
    Tensor found = tensors.get(name);
    if (found == null) {
      byte[] bytes = new byte[length];
      Arrays.fill(bytes, initial);
      found = putBytes(name, MemorySegment.ofArray(bytes));
    }
    return found;
  }

  /** Keeps bytes under a name: the very array on the CPU, a copy elsewhere. */
  Tensor putBytes(String name, MemorySegment bytes) {
    Tensor made = Tensor.of(bytes, DType.U8, Shape.of(Math.toIntExact(bytes.byteSize()))).to(parameter.value().device());
    tensors.put(name, made);
    return made;
  }

  /** Moves the parameter along a gradient of its shape, before the optimiser's step ends. */
  void move(ElementRule rule, float[] numbers, Tensor gradient, Tensor... states) {
    move(rule, numbers, gradient, null, states);
  }

  /** Moves the parameter along a gradient of some of its rows, zero in the others; see {@link ElementStep}. */
  void move(ElementRule rule, float[] numbers, Tensor gradient, int[] rows, Tensor... states) {
    mover.accept(new ElementStep(rule, numbers, parameter.value(), gradient, rows, states));
  }
}
