package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static dev.hone.core.kernel.vector.VectorMath.all;
import static dev.hone.core.kernel.vector.VectorMath.load;

import dev.hone.core.kernel.cpu.OptimizerLoops;
import dev.hone.core.kernel.scalar.ScalarOptimizerLoops;
import jdk.incubator.vector.FloatVector;

/** Optimiser steps on vectors. */
public final class VectorOptimizerLoops extends OptimizerLoops {
  private final ScalarOptimizerLoops twin = new ScalarOptimizerLoops();

  @Override
  public void adamW(AdamWStep step, float[] p, int pi, float[] g, int gi, float[] m, int mi, float[] v, int vi, int n) {
    int body = VectorMath.whole(n);
    adamWVectors(step, p, pi, g, gi, m, mi, v, vi, body);
    twin.adamW(step, p, pi + body, g, gi + body, m, mi + body, v, vi + body, n - body);
  }

  private static void adamWVectors(AdamWStep step, float[] p, int pi, float[] g, int gi, float[] m, int mi, float[] v, int vi,
      int n) {
    FloatVector scale = all(step.gradientScale());
    FloatVector keep = all(step.keep());
    FloatVector beta1 = all(step.beta1());
    FloatVector beta2 = all(step.beta2());
    FloatVector rest1 = all(step.rest1());
    FloatVector rest2 = all(step.rest2());
    FloatVector stepSize = all(-step.stepSize());
    FloatVector rootScale = all(step.rootScale());
    FloatVector eps = all(step.eps());
    for (int i = 0; i < n; i += LANES) {
      FloatVector gradient = load(g, gi + i).mul(scale);
      FloatVector first = load(m, mi + i).fma(beta1, gradient.mul(rest1));
      FloatVector second = load(v, vi + i).fma(beta2, gradient.mul(gradient).mul(rest2));
      first.intoArray(m, mi + i);
      second.intoArray(v, vi + i);
      FloatVector update = first.mul(stepSize).div(second.sqrt().fma(rootScale, eps));
      load(p, pi + i).fma(keep, update).intoArray(p, pi + i);
    }
  }
}
