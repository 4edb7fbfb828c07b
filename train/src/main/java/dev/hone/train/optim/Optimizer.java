package dev.hone.train.optim;

import dev.hone.autograd.Parameter;
import dev.hone.core.Device;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.ElementStep;
import dev.hone.core.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Moves parameters along their gradients. A parameter without gradient is left alone and its step is not counted.
 *
 * {@snippet :
 * Optimizer optimizer = new Optimizer(parameters, Grouping.of(AdamW.USUAL, 0.01));
 * optimizer.step(1e-3, Gradients.clipScale(Gradients.norm(parameters), 1));
 * }
 *
 * <p>All that it remembers can be taken out with {@link #state()} and put into another one with {@link #restore}.
 */
public final class Optimizer {
  /**
   * What an optimiser remembers.
   *
   * @param tensors by {@code PARAMETER/NAME}; the optimiser's own, so a copy if they are to outlive its next step
   * @param steps of each parameter
   */
  public record State(Map<String, Tensor> tensors, Map<String, Long> steps) {}

  private final Map<ParameterState, ParameterGroup> parameters = new LinkedHashMap<>();
  private final List<ElementStep> moves = new ArrayList<>(); // that are done together

  /**
   * An optimiser for these parameters.
   *
   * @param grouping how each is treated, such as {@link Grouping}
   */
  public Optimizer(Collection<Parameter> parameters, Function<Parameter, ParameterGroup> grouping) {
    for (Parameter parameter : parameters) {
      ParameterGroup group = grouping.apply(parameter);
      if (!group.rule().takes(parameter.shape().rank())) {
        throw new IllegalArgumentException("Optimizer: " + group.rule().getClass().getSimpleName() + " cannot move "
            + parameter.name() + " " + parameter.shape());
      }
      boolean own = group.rule().getClass().getPackage() == Optimizer.class.getPackage(); // others may read what moved
      this.parameters.put(new ParameterState(parameter, own ? moves::add : Optimizer::now), group);
    }
  }

  /**
   * One step.
   *
   * @param learningRate of this step; groups multiply it by their factor
   * @param gradientScale what clipping multiplies gradients by
   */
  public void step(double learningRate, float gradientScale) {
    moves.clear();
    parameters.forEach((state, group) -> {
      Parameter parameter = state.parameter();
      if (!parameter.hasGradient()) {
        return;
      }
      state.setStep(state.step() + 1);
      double rate = learningRate * group.rateFactor();
      if (parameter.rowGradient() != null) {
        group.rule().update(state, parameter.rowGradient(), rate, group.weightDecay(), gradientScale);
      } else {
        group.rule().update(state, parameter.gradient(), rate, group.weightDecay(), gradientScale);
      }
    });
    moveAll();
  }

  /**
   * One step along gradients that are kept elsewhere than in the parameters.
   *
   * @param gradients of each parameter, in its shape; null where there is none
   */
  public void step(double learningRate, float gradientScale, Function<Parameter, Tensor> gradients) {
    moves.clear();
    parameters.forEach((state, group) -> {
      Tensor gradient = gradients.apply(state.parameter());
      if (gradient != null) {
        state.setStep(state.step() + 1);
        group.rule().update(state, gradient, learningRate * group.rateFactor(), group.weightDecay(), gradientScale);
      }
    });
    moveAll();
  }

  /** Moves what rules have left to be moved together: on a GPU many small parameters take one launch. */
  private void moveAll() {
    moves.stream().collect(Collectors.groupingBy(move -> move.parameter().device(), LinkedHashMap::new, Collectors.toList()))
        .forEach((device, there) -> Kernels.of(device).optimizer().step(there));
    moves.clear();
  }

  /** Moves a tensor at once. */
  static void now(ElementRule rule, float[] numbers, Tensor moved, Tensor gradient, Tensor... states) {
    now(new ElementStep(rule, numbers, moved, gradient, null, states));
  }

  private static void now(ElementStep step) {
    Kernels.of(step.parameter()).optimizer().step(List.of(step));
  }

  /** What it remembers. */
  public State state() {
    Map<String, Tensor> tensors = new TreeMap<>();
    Map<String, Long> steps = new TreeMap<>();
    for (ParameterState state : parameters.keySet()) {
      String name = state.parameter().name();
      state.tensors().forEach((key, tensor) -> tensors.put(name + "/" + key, tensor));
      steps.put(name, state.step());
    }
    return new State(tensors, steps);
  }

  /**
   * Takes up what another optimiser for the same parameters and rules remembers, by copying it.
   *
   * @throws IllegalArgumentException if it is of other parameters
   */
  public void restore(State saved) {
    Map<String, Map<String, Tensor>> byParameter = new TreeMap<>();
    saved.tensors().forEach((key, tensor) -> {
      int slash = key.lastIndexOf('/');
      byParameter.computeIfAbsent(key.substring(0, slash), _ -> new TreeMap<>()).put(key.substring(slash + 1), tensor);
    });
    for (ParameterState state : parameters.keySet()) {
      String name = state.parameter().name();
      Long step = saved.steps().get(name);
      if (step == null) {
        throw new IllegalArgumentException("optimiser state: nothing about " + name + "; it is of another run");
      }
      state.setStep(step);
      byParameter.getOrDefault(name, Map.of()).forEach((key, tensor) -> put(state, key, tensor));
    }
  }

  private static void put(ParameterState state, String key, Tensor saved) {
    if (saved.dtype().isFloat()) {
      Shape shape = saved.shape();
      if (shape.equals(state.parameter().shape()) || shape.length() <= state.parameter().shape().length()) {
        state.tensor(key, 0, shape).copyFrom(saved);
        return;
      }
    } else if (saved.size() <= state.parameter().shape().size()) {
      byte[] bytes = saved.to(Device.CPU).segment().toArray(ValueLayout.JAVA_BYTE);
      state.putBytes(key, MemorySegment.ofArray(bytes));
      return;
    }
    throw new ShapeException("optimiser state: " + key + " " + saved.shape() + " does not fit " + state.parameter());
  }
}
