package dev.hone.train;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** The weights with the best held-out measure so far, and how long ago that was. */
final class BestCheckpoint {
  private final List<Parameter> parameters;
  private final Metric metric;
  private final double threshold;
  private double value = Double.NaN;
  private double loss = Double.NaN;
  private int step = -1;
  private int since;
  private List<Tensor> weights; // null before the first evaluation

  BestCheckpoint(List<Parameter> parameters, Metric metric, double threshold) {
    this.parameters = parameters;
    this.metric = metric;
    this.threshold = threshold;
  }

  /** Takes in an evaluation of the present weights; returns whether they are the best so far. */
  boolean offer(int atStep, double measured, double measuredLoss) {
    if (!HeldOutMetric.better(metric, measured, value, threshold)) {
      since++;
      return false;
    }
    value = measured;
    loss = measuredLoss;
    step = atStep;
    since = 0;
    if (weights == null) {
      weights = parameters.stream().map(parameter -> parameter.value().copy().keep()).toList();
    } else {
      for (int i = 0; i < weights.size(); i++) {
        weights.get(i).copyFrom(parameters.get(i).value());
      }
    }
    return true;
  }

  /** Evaluations since the best. */
  int since() {
    return since;
  }

  /** The step of the best weights, or {@code last} if nothing was evaluated. */
  int step(int last) {
    return step < 0 ? last : step;
  }

  /** Its held-out loss, or NaN. */
  double loss() {
    return loss;
  }

  /** Whether anything was evaluated. */
  boolean exists() {
    return weights != null;
  }

  /** Puts the best weights in place. */
  void putBack() {
    for (int i = 0; i < weights.size(); i++) {
      parameters.get(i).value().copyFrom(weights.get(i));
    }
  }

  void save(ObjectNode state, Map<String, Tensor> tensors) {
    if (weights == null) {
      return;
    }
    state.put("value", value).put("loss", loss).put("step", step).put("since", since);
    for (int i = 0; i < weights.size(); i++) {
      tensors.put("best/" + parameters.get(i).name(), weights.get(i));
    }
  }

  void restore(ObjectNode state, Map<String, Tensor> tensors) {
    if (!state.has("step")) {
      return;
    }
    value = state.path("value").asDouble();
    loss = state.path("loss").asDouble();
    step = state.path("step").asInt();
    since = state.path("since").asInt();
    weights = parameters.stream()
        .map(parameter -> Tensor.zeros(parameter.shape()).copyFrom(tensors.get("best/" + parameter.name())).keep()).toList();
  }
}
