package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Workers;
import java.util.List;
import java.util.Map;

/**
 * An exponential mean of weights: w̄ = d · w̄ + (1 - d) · w after every step, with d = min(decay, (1 + step) / (10 + step)),
 * so that the beginning does not weigh on it. It is what is evaluated and kept; training goes on with the weights themselves.
 */
final class ExponentialMovingAverage {
  private static final int GRAIN = 1 << 14;

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
      Tensor value = parameters.get(i).value();
      float[] p = value.array();
      int pi = value.offset();
      float[] m = means.get(i).array();
      int mi = means.get(i).offset();
      Workers.ranges(value.shape().length(), GRAIN, (from, to) -> {
        for (int j = from; j < to; j++) {
          m[mi + j] += (1 - keep) * (p[pi + j] - m[mi + j]);
        }
      });
    }
  }

  /** Puts the means in the place of the weights, or back. */
  void swap() {
    for (int i = 0; i < means.size(); i++) {
      Tensor value = parameters.get(i).value();
      float[] p = value.array();
      float[] m = means.get(i).array();
      for (int j = 0, n = value.shape().length(); j < n; j++) {
        float weight = p[value.offset() + j];
        p[value.offset() + j] = m[means.get(i).offset() + j];
        m[means.get(i).offset() + j] = weight;
      }
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
