package dev.hone.nn.load;

import dev.hone.autograd.Parameter;
import dev.hone.core.DType;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.core.io.MissingTensorException;
import dev.hone.core.io.TensorSource;
import dev.hone.nn.PretrainedModel;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/** The tensors of a model that is loaded, for another one that shares them. */
record SharedTensors(Map<String, Parameter> parameters) implements TensorSource {
  static SharedTensors of(PretrainedModel model) {
    return new SharedTensors(model.baseParameters());
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(parameters.keySet());
  }

  @Override
  public Shape shape(String name) {
    return tensor(name).shape();
  }

  @Override
  public DType dtype(String name) {
    return tensor(name).dtype();
  }

  @Override
  public Tensor tensor(String name) {
    Parameter parameter = parameters.get(name);
    if (parameter == null) {
      throw new MissingTensorException(origin(), name, names());
    }
    return parameter.value();
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public String origin() {
    return "the model in memory";
  }
}
