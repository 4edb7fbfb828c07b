package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;

import dev.hone.core.kernel.loops.OptimizerLoops;
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
    FloatVector scale = broadcast(F32, step.gradientScale());
    FloatVector keep = broadcast(F32, step.keep());
    FloatVector beta1 = broadcast(F32, step.beta1());
    FloatVector beta2 = broadcast(F32, step.beta2());
    FloatVector rest1 = broadcast(F32, step.rest1());
    FloatVector rest2 = broadcast(F32, step.rest2());
    FloatVector stepSize = broadcast(F32, -step.stepSize());
    FloatVector rootScale = broadcast(F32, step.rootScale());
    FloatVector eps = broadcast(F32, step.eps());
    for (int i = 0; i < n; i += LANES) {
      FloatVector gradient = fromArray(F32, g, gi + i).mul(scale);
      FloatVector first = fromArray(F32, m, mi + i).fma(beta1, gradient.mul(rest1));
      FloatVector second = fromArray(F32, v, vi + i).fma(beta2, gradient.mul(gradient).mul(rest2));
      first.intoArray(m, mi + i);
      second.intoArray(v, vi + i);
      FloatVector update = first.mul(stepSize).div(second.sqrt().fma(rootScale, eps));
      fromArray(F32, p, pi + i).fma(keep, update).intoArray(p, pi + i);
    }
  }
}
