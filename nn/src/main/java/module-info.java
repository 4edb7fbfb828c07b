/** Transformer layers, model families, their loading and generation. */
module dev.hone.nn {
  requires transitive dev.hone.autograd;
  requires transitive tools.jackson.databind;

  uses dev.hone.nn.ModelFiles;
  provides dev.hone.nn.ModelFiles with dev.hone.nn.load.HuggingFaceFiles;

  exports dev.hone.nn;
  exports dev.hone.nn.bert;
  exports dev.hone.nn.decoder;
  exports dev.hone.nn.encoder;
  exports dev.hone.nn.family;
  exports dev.hone.nn.generate;
  exports dev.hone.nn.gguf;
  exports dev.hone.nn.load;
  exports dev.hone.nn.onnx;
}
