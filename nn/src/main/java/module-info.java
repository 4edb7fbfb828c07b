/** Transformer layers, model families, their loading and generation. */
module dev.hone.nn {
  requires transitive dev.hone.autograd;
  requires tools.jackson.databind;

  exports dev.hone.nn.onnx;
}
