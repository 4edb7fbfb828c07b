package dev.hone.core.kernel.cpu;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.OptimizerKernels;
import dev.hone.core.kernel.loops.OptimizerLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;

/** Optimiser steps, which memory alone bounds: every array is passed over once. */
public final class CpuOptimizer implements OptimizerKernels {
  private final OptimizerLoops loops;

  /** Optimisers on these loops. */
  public CpuOptimizer(OptimizerLoops loops) {
    this.loops = loops;
  }

  @Override
  public void adamW(Tensor parameter, Tensor gradient, int[] rows, Tensor first, Tensor second, int step, double learningRate,
      double beta1, double beta2, double eps, double decay, float gradientScale) {
    OptimizerLoops.AdamWStep numbers = check(parameter, gradient, rows, first, second, step, learningRate, beta1, beta2, eps,
        decay,
        gradientScale);
    float[] ps = parameter.array();
    int pi = parameter.offset();
    float[] gs = gradient.array();
    int gi = gradient.offset();
    float[] ms = first.array();
    int mi = first.offset();
    float[] vs = second.array();
    int vi = second.offset();
    if (rows == null) {
      Workers.ranges(parameter.shape().length(), CpuElementwise.GRAIN, (from, to) -> loops.adamW(numbers, ps, pi + from, gs,
          gi + from, ms, mi + from, vs, vi + from, to - from));
    } else { // the same pieces, so that bits do not depend on how the gradient is kept
      int c = parameter.dim(1);
      Workers.ranges(parameter.shape().length(), CpuElementwise.GRAIN, (from, to) -> loops.adamW(numbers, ps, pi + from,
          piece(gs, gi, rows, c, from, to), 0, ms, mi + from, vs, vi + from, to - from));
    }
  }

  /** Checks the operands of a step; returns its numbers. */
  public static OptimizerLoops.AdamWStep check(Tensor parameter, Tensor gradient, int[] rows, Tensor first, Tensor second,
      int step, double learningRate, double beta1, double beta2, double eps, double decay, float gradientScale) {
    if (rows == null) {
      Operands.same("adamW", "parameter", parameter, "gradient", gradient);
    } else {
      checkRows(parameter, gradient, rows);
    }
    Operands.same("adamW", "parameter", parameter, "first", first);
    Operands.same("adamW", "parameter", parameter, "second", second);
    if (step < 1) {
      throw new IllegalArgumentException("adamW: step counts from 1, got " + step);
    }
    return new OptimizerLoops.AdamWStep(gradientScale, (float) (1 - learningRate * decay),
        (float) beta1, (float) beta2, (float) (1 - beta1), (float) (1 - beta2),
        (float) (learningRate / (1 - Math.pow(beta1, step))), (float) (1 / Math.sqrt(1 - Math.pow(beta2, step))),
        (float) eps);
  }

  @Override
  public void average(Tensor parameter, float keep, Tensor mean) {
    Operands.same("average", "parameter", parameter, "mean", mean);
    float[] ps = parameter.array();
    int pi = parameter.offset();
    float[] ms = mean.array();
    int mi = mean.offset();
    Workers.ranges(mean.shape().length(), CpuElementwise.GRAIN, (from, to) -> {
      for (int i = from; i < to; i++) {
        ms[mi + i] += (1 - keep) * (ps[pi + i] - ms[mi + i]);
      }
    });
  }

  /** Elements {@code from} to {@code to} of a gradient of which only some rows are there, the others' being zero. */
  private static float[] piece(float[] gradient, int start, int[] rows, int c, int from, int to) {
    float[] whole = Scratch.floats(0, to - from);
    Arrays.fill(whole, 0, to - from, 0);
    int first = Arrays.binarySearch(rows, from / c);
    for (int i = first < 0 ? -first - 1 : first; i < rows.length && rows[i] * c < to; i++) {
      int at = Math.max(from, rows[i] * c);
      int end = Math.min(to, (rows[i] + 1) * c);
      System.arraycopy(gradient, start + i * c + at - rows[i] * c, whole, at - from, end - at);
    }
    return whole;
  }

  private static void checkRows(Tensor parameter, Tensor gradient, int[] rows) {
    if (parameter.shape().rank() != 2 || !gradient.shape().equals(parameter.shape().with(0, rows.length))) {
      throw new ShapeException("adamW: parameter is " + parameter.shape() + ", gradient " + gradient.shape() + " of "
          + rows.length + " rows; it must be [rows, C] for a parameter [V, C]");
    }
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] <= (i == 0 ? -1 : rows[i - 1]) || rows[i] >= parameter.dim(0)) {
        throw new IllegalArgumentException("adamW: rows[" + i + "] is " + rows[i] + "; rows must ascend, from 0 to "
            + (parameter.dim(0) - 1));
      }
    }
  }
}
