package dev.hone.core.kernel.cpu;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.OptimizerKernels;
import dev.hone.core.parallel.Workers;

/** Optimiser steps, which memory alone bounds: every array is passed over once. */
public final class CpuOptimizer implements OptimizerKernels {
  private final OptimizerLoops loops;

  /** Optimisers on these loops. */
  public CpuOptimizer(OptimizerLoops loops) {
    this.loops = loops;
  }

  @Override
  public void adamW(Tensor parameter, Tensor gradient, Tensor first, Tensor second, int step, double learningRate,
      double beta1, double beta2, double eps, double decay, float gradientScale) {
    Operands.same("adamW", "parameter", parameter, "gradient", gradient);
    Operands.same("adamW", "parameter", parameter, "first", first);
    Operands.same("adamW", "parameter", parameter, "second", second);
    if (step < 1) {
      throw new IllegalArgumentException("adamW: step counts from 1, got " + step);
    }
    OptimizerLoops.AdamWStep numbers = new OptimizerLoops.AdamWStep(gradientScale, (float) (1 - learningRate * decay),
        (float) beta1, (float) beta2, (float) (1 - beta1), (float) (1 - beta2),
        (float) (learningRate / (1 - Math.pow(beta1, step))), (float) (1 / Math.sqrt(1 - Math.pow(beta2, step))),
        (float) eps);
    float[] ps = parameter.array();
    int pi = parameter.offset();
    float[] gs = gradient.array();
    int gi = gradient.offset();
    float[] ms = first.array();
    int mi = first.offset();
    float[] vs = second.array();
    int vi = second.offset();
    Workers.ranges(parameter.shape().length(), CpuElementwise.GRAIN, (from, to) -> loops.adamW(numbers, ps, pi + from, gs,
        gi + from, ms, mi + from, vs, vi + from, to - from));
  }
}
