package dev.hone.core.kernel.cuda;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.OptimizerKernels;
import dev.hone.core.kernel.cpu.CpuOptimizer;
import dev.hone.core.kernel.cpu.Operands;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;
import dev.hone.core.kernel.loops.OptimizerLoops.AdamWStep;

/** Steps of optimisers: a thread for each element. */
final class CudaOptimizer extends CudaFamily implements OptimizerKernels {
  CudaOptimizer(GpuMemory memory) {
    super("optimizer", memory);
  }

  @Override
  public void adamW(Tensor parameter, Tensor gradient, int[] rows, Tensor first, Tensor second, int step, double learningRate,
      double beta1, double beta2, double eps, double decay, float gradientScale) {
    AdamWStep s = CpuOptimizer.check(parameter, gradient, rows, first, second, step, learningRate, beta1, beta2, eps, decay,
        gradientScale);
    long n = parameter.size();
    if (rows == null) {
      launch("adamw", Grid.threads(n, BLOCK), parameter, gradient, first, second, n, s.gradientScale(), s.keep(), s.beta1(),
          s.beta2(), s.rest1(), s.rest2(), s.stepSize(), s.rootScale(), s.eps());
      return;
    }
    try (Room room = ints(rows)) {
      launch("adamw_rows", Grid.threads(n, BLOCK), parameter, gradient, room, rows.length, parameter.dim(1), first, second, n,
          s.gradientScale(), s.keep(), s.beta1(), s.beta2(), s.rest1(), s.rest2(), s.stepSize(), s.rootScale(), s.eps());
    }
  }

  @Override
  public void average(Tensor parameter, float keep, Tensor mean) {
    Operands.same("average", "parameter", parameter, "mean", mean);
    launch("average", Grid.threads(mean.size(), BLOCK), parameter, keep, mean, mean.size());
  }
}
