package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import java.util.List;
import java.util.Map;

/**
 * An exponential mean of weights: w̄ = d · w̄ + (1 - d) · w after every step, with d = min(decay, (1 + step) / (10 + step)),
 * so that the beginning does not weigh on it. It is what is evaluated and kept; training goes on with the weights themselves.
 */
final class ExponentialMovingAverage {
  private final double decay;
  private final List<Parameter> parameters;
  private final List<Tensor> means;

  ExponentialMovingAverage(List<Parameter> parameters, double decay) {
    this.decay = decay;
    this.parameters = parameters;
    this.means = parameters.stream().map(parameter -> parameter.value().copy().keep()).toList();
  }

  /** Takes in the weights after a step, counted from 1. */
  void update(int step) {
    float keep = (float) Math.min(decay, (1.0 + step) / (10.0 + step));
    for (int i = 0; i < means.size(); i++) {
      Tensor mean = means.get(i);
      Kernels.of("ema", mean, parameters.get(i).value()).optimizer().average(parameters.get(i).value(), keep, mean);
    }
  }

  /** Puts the means in the place of the weights, or back. */
  void swap() {
    for (int i = 0; i < means.size(); i++) {
      Tensor value = parameters.get(i).value();
      Tensor mean = means.get(i);
      Tensor weights = Tensor.persistent(value.device(), value.shape()).copyFrom(value);
      value.copyFrom(mean);
      mean.copyFrom(weights);
    }
  }

  void save(Map<String, Tensor> tensors) {
    for (int i = 0; i < means.size(); i++) {
      tensors.put("mean/" + parameters.get(i).name(), means.get(i));
    }
  }

  void restore(Map<String, Tensor> tensors) {
    for (int i = 0; i < means.size(); i++) {
      means.get(i).copyFrom(tensors.get("mean/" + parameters.get(i).name()));
    }
  }
}
