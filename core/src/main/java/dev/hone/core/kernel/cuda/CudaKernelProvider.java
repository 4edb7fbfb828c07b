package dev.hone.core.kernel.cuda;

import dev.hone.core.Device;
import dev.hone.core.kernel.KernelProvider;
import dev.hone.core.kernel.Kernels;

/** Brings the kernels of GPUs that were opened. */
public final class CudaKernelProvider implements KernelProvider {
  /** For the service loader. */
  public CudaKernelProvider() {}

  @Override
  public Kernels kernels(Device device) {
    GpuMemory memory = CudaProvider.memory(device.name());
    return memory == null ? null : CudaKernels.of(memory);
  }
}
