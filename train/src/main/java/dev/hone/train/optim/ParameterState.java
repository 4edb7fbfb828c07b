package dev.hone.train.optim;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** What an optimiser remembers of one parameter: tensors by name, made when first asked for, and the number of its steps. */
public final class ParameterState {
  private static final int GRAIN = 1 << 14; // elements that a thread takes at once; results do not depend on it

  private final Parameter parameter;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
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
      found = Tensor.of(new float[shape.length()], shape.toArray());
      if (initial != 0) {
        found.fill(initial);
      }
      tensors.put(name, found);
    }
    return found;
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
    Tensor value = parameter.value();
    float[] p = value.array();
    int pi = value.offset();
    float[] g = gradient.array();
    int gi = gradient.offset();
    Workers.ranges(value.shape().length(), GRAIN, (from, to) -> loop.run(p, pi, g, gi, from, to));
  }
}
