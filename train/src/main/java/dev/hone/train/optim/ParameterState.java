package dev.hone.train.optim;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.HostArray;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an optimiser remembers of one parameter: tensors by name, made when first asked for, and the number of its steps. */
public final class ParameterState {
  private static final int GRAIN = 1 << 14; // elements that a thread takes at once; results do not depend on it

  private final Parameter parameter;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final List<HostArray> onHost = new ArrayList<>(); // of the step that is being done
  private long step;

  ParameterState(Parameter parameter) {
    this.parameter = parameter;
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

  /**
   * The numbers of {@link #tensor(String)}, from index 0 on, to read and write in a rule that computes on the host: on another
   * device a copy, which goes back when the rule has done its step.
   */
  float[] numbers(String name) {
    return numbers(name, 0, parameter.shape());
  }

  /** The numbers in the array of {@link #tensor(String, float, Shape)}. */
  float[] numbers(String name, float initial, Shape shape) {
    HostArray numbers = tensor(name, initial, shape).onHost(HostArray.Access.READ_WRITE);
    onHost.add(numbers);
    return numbers.array();
  }

  /** Ends a step: what a rule has changed on the host goes back to the device. */
  void endStep() {
    onHost.forEach(HostArray::close);
    onHost.clear();
  }

  /** Bytes, {@code initial} at first; kept as a U8 tensor. */
  byte[] bytes(String name, int length, byte initial) {
    Tensor found = tensors.computeIfAbsent(name, _ -> {
      byte[] bytes = new byte[length];
      Arrays.fill(bytes, initial);
      return Tensor.of(MemorySegment.ofArray(bytes), DType.U8, Shape.of(length));
    });
    return (byte[]) found.segment().heapBase().orElseThrow();
  }

  /** A loop over some of a parameter's elements. */
  @FunctionalInterface
  interface Loop {
    /**
     * Does elements {@code from} to {@code to}; element i is {@code p[pi + i]} and {@code g[gi + i]}. State tensors begin at
     * the start of their arrays.
     */
    void run(float[] p, int pi, float[] g, int gi, int from, int to);
  }

  /** Runs a loop over all elements of the parameter and its gradient, on all threads. */
  void each(Tensor gradient, Loop loop) {
    try (HostArray p = parameter.value().onHost(HostArray.Access.READ_WRITE);
        HostArray g = gradient.onHost(HostArray.Access.READ)) {
      Workers.ranges(p.length(), GRAIN, (from, to) -> loop.run(p.array(), p.offset(), g.array(), g.offset(), from, to));
    }
  }
}
