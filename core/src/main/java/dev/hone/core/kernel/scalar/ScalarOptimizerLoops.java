package dev.hone.core.kernel.scalar;

import dev.hone.core.kernel.loops.OptimizerLoops;


/** Optimiser steps in plain Java. */
public final class ScalarOptimizerLoops extends OptimizerLoops {
  @Override
  public void adamW(AdamWStep step, float[] p, int pi, float[] g, int gi, float[] m, int mi, float[] v, int vi, int n) {
    for (int i = 0; i < n; i++) {
      float gradient = step.gradientScale() * g[gi + i];
      float first = step.beta1() * m[mi + i] + step.rest1() * gradient;
      float second = step.beta2() * v[vi + i] + step.rest2() * gradient * gradient;
      m[mi + i] = first;
      v[vi + i] = second;
      float root = (float) Math.sqrt(second) * step.rootScale() + step.eps();
      p[pi + i] = step.keep() * p[pi + i] - step.stepSize() * first / root;
    }
  }
}
