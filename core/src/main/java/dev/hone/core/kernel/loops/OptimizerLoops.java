package dev.hone.core.kernel.loops;

/** Optimiser steps over {@code n} neighbouring elements; an index beside an array is where they start. */
public abstract class OptimizerLoops {
  /**
   * The numbers of one AdamW step, rounded once from float64.
   *
   * @param gradientScale factor of the gradient
   * @param keep 1 - lr · decay
   * @param beta1 share of m that stays
   * @param beta2 share of v that stays
   * @param rest1 1 - beta1
   * @param rest2 1 - beta2
   * @param stepSize lr / (1 - beta1^step)
   * @param rootScale 1 / √(1 - beta2^step)
   * @param eps added to the root
   */
  public record AdamWStep(float gradientScale, float keep, float beta1, float beta2, float rest1, float rest2,
      float stepSize, float rootScale, float eps) {
    /** Of the numbers of {@code ElementRule.ADAMW}, which stand in this order. */
    public static AdamWStep of(float[] numbers) {
      return new AdamWStep(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[7],
          numbers[8]);
    }
  }

  /** One AdamW step: p, m and v are updated. */
  public abstract void adamW(AdamWStep step, float[] p, int pi, float[] g, int gi, float[] m, int mi, float[] v, int vi,
      int n);
}
