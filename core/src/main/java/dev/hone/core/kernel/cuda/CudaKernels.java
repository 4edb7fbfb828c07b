package dev.hone.core.kernel.cuda;

import dev.hone.core.kernel.Kernels;

/** Puts the families together for a GPU. */
final class CudaKernels {
  private CudaKernels() {}

  static Kernels of(GpuMemory memory) {
    CudaReduce reduce = new CudaReduce(memory);
    return new Kernels("cuda", memory.launcher().compiler().way(), new CudaMatMul(memory, Precision.chosen()),
        new CudaElementwise(memory), reduce, new CudaNorm(memory, reduce), new CudaAttention(memory), new CudaLoss(memory),
            new CudaOptimizer(memory), new CudaGather(memory));
  }
}
