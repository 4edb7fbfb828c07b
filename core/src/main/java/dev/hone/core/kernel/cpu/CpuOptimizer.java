package dev.hone.core.kernel.cpu;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.ElementStep;
import dev.hone.core.kernel.OptimizerKernels;
import dev.hone.core.kernel.loops.ElementLoops;
import dev.hone.core.kernel.loops.OptimizerLoops;
import dev.hone.core.parallel.Scratch;
import dev.hone.core.parallel.Workers;
import java.util.Arrays;
import java.util.List;

/** Optimiser steps, which memory alone bounds: every array is passed over once. */
public final class CpuOptimizer implements OptimizerKernels {
  private final OptimizerLoops loops;

  /** Optimisers on these loops. */
  public CpuOptimizer(OptimizerLoops loops) {
    this.loops = loops;
  }

  @Override
  public void step(List<ElementStep> steps) {
    steps.forEach(this::step);
  }

  private void step(ElementStep step) {
    Tensor[] states = new Tensor[3];
    float[][] arrays = new float[3][];
    for (int i = 0; i < step.states().length; i++) {
      states[i] = step.states()[i];
      arrays[i] = Operands.array(states[i]);
    }
    float[] p = step.parameter().array();
    int pi = step.parameter().offset();
    float[] g = step.gradient().array();
    int gi = step.gradient().offset();
    int ai = Operands.offset(states[0]);
    int bi = Operands.offset(states[1]);
    int ti = Operands.offset(states[2]);
    float[] numbers = step.numbers();
    ElementRule rule = step.rule();
    OptimizerLoops.AdamWStep adamW = rule == ElementRule.ADAMW ? OptimizerLoops.AdamWStep.of(numbers) : null;
    Workers.ranges(step.parameter().shape().length(), CpuElementwise.GRAIN, (from, to) -> {
      // the same pieces, so that bits do not depend on how the gradient is kept
      float[] slopes = step.rows() == null ? g : piece(g, gi, step.rows(), step.parameter().dim(1), from, to);
      int at = step.rows() == null ? gi + from : 0;
      if (adamW != null) {
        loops.adamW(adamW, p, pi + from, slopes, at, arrays[0], ai + from, arrays[1], bi + from, to - from);
      } else {
        ElementLoops.step(rule, numbers, p, pi + from, slopes, at, arrays[0], ai + from, arrays[1], bi + from, arrays[2],
            ti + from, to - from);
      }
    });
  }

  @Override
  public void adamW8bit(float[] numbers, Tensor parameter, Tensor gradient, Tensor first, Tensor firstScale, Tensor second,
      Tensor secondScale) {
    ByteAdamW.step(numbers, parameter, gradient, first, firstScale, second, secondScale);
  }

  @Override
  public void factored(Tensor gradient, float scale, double share, double floor, double leastMean, double least, Tensor row,
      Tensor column, Tensor u) {
    FactoredSquares.check(gradient, row, column, u);
    if (column == null) {
      FactoredSquares.elements(gradient, scale, share, floor, least, row, u);
    } else {
      FactoredSquares.matrix(gradient, scale, share, floor, leastMean, least, row, column, u);
    }
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
}
