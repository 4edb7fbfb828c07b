package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.F32;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Powers of two and logarithms of vectors, for softmax.
 *
 * <p>Implementation note: 2^x = 2^k · 2^r with k = round(x). Adding 1.5 · 2^23 pushes the fraction out of the mantissa and
 * leaves k in its low bits. 2^r is a minimax polynomial of our own with the constant 1, relative error 1.1e-7. The power of
 * two is multiplied, not added to the exponent, so that NaN stays NaN.
 */
final class Exponential {
  static final float LOG2_E = 1.44269504f;
  static final float LN_2 = 0.69314718f;
  private static final float ROUND = 0x1.8p23f;
  private static final float SMALLEST = -126;
  private static final float C1 = 0.693147f;
  private static final float C2 = 0.24022242f;
  private static final float C3 = 0.055507336f;
  private static final float C4 = 0.009671513f;
  private static final float C5 = 0.0013264727f;

  private Exponential() {}

  /** 2^x for x up to 127; 0 below -126, so also for negative infinity. */
  static FloatVector exp2(FloatVector x) {
    FloatVector shifted = x.add(ROUND);
    FloatVector r = x.sub(shifted.sub(ROUND));
    FloatVector p = r.fma(FloatVector.broadcast(F32, C5), FloatVector.broadcast(F32, C4));
    p = p.fma(r, FloatVector.broadcast(F32, C3));
    p = p.fma(r, FloatVector.broadcast(F32, C2));
    p = p.fma(r, FloatVector.broadcast(F32, C1));
    p = p.fma(r, FloatVector.broadcast(F32, 1));
    IntVector power = shifted.viewAsIntegralLanes().add(127).lanewise(VectorOperators.LSHL, 23);
    return p.mul(power.viewAsFloatingLanes()).blend(0, x.compare(VectorOperators.LT, SMALLEST));
  }

  /**
   * Natural logarithm of positive, finite x: exponent · ln 2 + log(f) with f in [1/√2, √2), log(f) = 2 · atanh(s), s = (f - 1) /
   * (f + 1), by a minimax polynomial in s² with error 1.4e-9.
   */
  static FloatVector log(FloatVector x) {
    IntVector bits = x.viewAsIntegralLanes();
    IntVector exponent = bits.sub(0x3F3504F3).lanewise(VectorOperators.ASHR, 23); // 0x3F3504F3 is 1/√2
    FloatVector f = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23)).viewAsFloatingLanes();
    FloatVector s = f.sub(1).div(f.add(1));
    FloatVector u = s.mul(s);
    FloatVector p = u.mul(0.29926646f).add(0.39974752f).fma(u, FloatVector.broadcast(F32, 0.66666818f));
    p = p.fma(u, FloatVector.broadcast(F32, 2));
    FloatVector e = (FloatVector) exponent.convert(VectorOperators.I2F, 0);
    return e.fma(FloatVector.broadcast(F32, LN_2), s.mul(p));
  }
}
