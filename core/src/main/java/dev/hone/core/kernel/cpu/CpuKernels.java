package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.scalar.ScalarActivationLoops;
import dev.hone.core.kernel.scalar.ScalarAttention;
import dev.hone.core.kernel.scalar.ScalarElementwiseLoops;
import dev.hone.core.kernel.scalar.ScalarGatherLoops;
import dev.hone.core.kernel.scalar.ScalarLaneLoops;
import dev.hone.core.kernel.scalar.ScalarMatMulLoops;
import dev.hone.core.kernel.scalar.ScalarNormLoops;
import dev.hone.core.kernel.scalar.ScalarOptimizerLoops;
import dev.hone.core.kernel.scalar.ScalarQuantLoops;
import dev.hone.core.kernel.scalar.ScalarReduceLoops;
import dev.hone.core.kernel.vector.VectorActivationLoops;
import dev.hone.core.kernel.vector.VectorAttention;
import dev.hone.core.kernel.vector.VectorElementwiseLoops;
import dev.hone.core.kernel.vector.VectorGatherLoops;
import dev.hone.core.kernel.vector.VectorLaneLoops;
import dev.hone.core.kernel.vector.VectorMatMulLoops;
import dev.hone.core.kernel.vector.VectorNormLoops;
import dev.hone.core.kernel.vector.VectorOptimizerLoops;
import dev.hone.core.kernel.vector.VectorQuantLoops;
import dev.hone.core.kernel.vector.VectorReduceLoops;

/** Puts the families together for each kind of loops. */
public final class CpuKernels {
  private CpuKernels() {}

  /** Kernels in plain Java. */
  public static Kernels scalar(String reason) {
    return new Kernels("scalar", reason,
        new CpuMatMul(new ScalarMatMulLoops(), new ScalarLaneLoops(), new ScalarGatherLoops(), new ScalarQuantLoops(),
            new ScalarActivationLoops()),
        new CpuElementwise(new ScalarElementwiseLoops(), new ScalarActivationLoops()),
        new CpuReduce(new ScalarReduceLoops()),
        new CpuNorm(new ScalarNormLoops()),
        new CpuAttention(new ScalarAttention()),
        new CpuLoss(new ScalarReduceLoops()),
        new CpuOptimizer(new ScalarOptimizerLoops()),
        new CpuGather(new ScalarGatherLoops(), new ScalarElementwiseLoops()));
  }

  /** Kernels on the Vector API; fails to load without its module. */
  public static Kernels vector(String reason) {
    return new Kernels("vector", reason,
        new CpuMatMul(new VectorMatMulLoops(), new VectorLaneLoops(), new VectorGatherLoops(), new VectorQuantLoops(),
            new VectorActivationLoops()),
        new CpuElementwise(new VectorElementwiseLoops(), new VectorActivationLoops()),
        new CpuReduce(new VectorReduceLoops()),
        new CpuNorm(new VectorNormLoops()),
        new CpuAttention(new VectorAttention()),
        new CpuLoss(new VectorReduceLoops()),
        new CpuOptimizer(new VectorOptimizerLoops()),
        new CpuGather(new VectorGatherLoops(), new VectorElementwiseLoops()));
  }
}
