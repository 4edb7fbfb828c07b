package dev.hone.nn.onnx;

import dev.hone.nn.PretrainedModel;

/** A configuration whose models can be written as a graph of ONNX. */
public interface OnnxWritable {
  /**
   * Puts a model of this configuration, without adapters, into a graph.
   *
   * @throws dev.hone.nn.ModelException if its layers have no graph
   */
  void onnx(PretrainedModel model, OnnxBuilder graph);
}
