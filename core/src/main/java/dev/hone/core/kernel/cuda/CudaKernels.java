package dev.hone.core.kernel.cuda;

import dev.hone.core.kernel.Kernels;

/** Puts the families together for a GPU. */
final class CudaKernels {
  private CudaKernels() {}

  static Kernels of(GpuMemory memory) {
    CudaReduce reduce = new CudaReduce(memory);
    Precision precision = Precision.chosen();
    return new Kernels("cuda", memory.launcher().compiler().way(), new CudaMatMul(memory, precision, Cuda.products(memory)),
        new CudaElementwise(memory), reduce, new CudaNorm(memory, reduce), new CudaAttention(memory, precision),
        new CudaLoss(memory), new CudaOptimizer(memory), new CudaGather(memory));
  }
}
