/** Tensors, memory, devices, kernels and safetensors files. */
module dev.hone.core {
  requires static jdk.incubator.vector;
  requires tools.jackson.core;

  exports dev.hone.core;
}
