/** Tensors, memory, devices, kernels and safetensors files. */
module dev.hone.core {
  requires static jdk.incubator.vector;
  requires tools.jackson.core;

  exports dev.hone.core;
  exports dev.hone.core.io;
  exports dev.hone.core.parallel;
  exports dev.hone.core.quant;
  exports dev.hone.core.random;
  exports dev.hone.core.kernel to dev.hone.autograd, dev.hone.nn, dev.hone.lora, dev.hone.train;
  exports dev.hone.core.kernel.cuda to dev.hone.train;

  uses dev.hone.core.kernel.KernelProvider;
  uses dev.hone.core.memory.DeviceProvider;

  provides dev.hone.core.kernel.KernelProvider with dev.hone.core.kernel.cpu.CpuProvider,
      dev.hone.core.kernel.cuda.CudaKernelProvider;
  provides dev.hone.core.memory.DeviceProvider with dev.hone.core.kernel.cuda.CudaProvider;
}
