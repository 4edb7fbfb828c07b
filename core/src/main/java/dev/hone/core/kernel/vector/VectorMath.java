package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.cpu.Approximations.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions of vectors of the widest species, as in {@link dev.hone.core.kernel.cpu.Approximations}. They are
 * small enough to be inlined into the loops that call them; no vector is ever passed to a lambda or stored.
 *
 * <p>Limits are compare and blend: {@code max} of the Vector API follows Java's rules for NaN and -0, which takes four
 * instructions. Sums over lanes are taken by shuffles in an order of our own, because that of {@code reduceLanes} may differ
 * between the interpreter and compiled code, and results would depend on when a loop gets compiled.
 */
final class VectorMath {
  static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
  static final int LANES = F32.length();

  private static final VectorShuffle<Float> ACROSS_8 = swap(8);
  private static final VectorShuffle<Float> ACROSS_4 = swap(4);
  private static final VectorShuffle<Float> ACROSS_2 = swap(2);
  private static final VectorShuffle<Float> ACROSS_1 = swap(1);

  private VectorMath() {}

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(F32, lane -> (lane ^ distance) % LANES);
  }

  /** The largest multiple of the lanes up to n. */
  static int whole(int n) {
    return F32.loopBound(n);
  }

  static FloatVector load(float[] array, int index) {
    return FloatVector.fromArray(F32, array, index);
  }

  static FloatVector all(float value) {
    return FloatVector.broadcast(F32, value);
  }

  /** Σ of the lanes, by halves. */
  static float sum(FloatVector v) {
    FloatVector s = v;
    if (LANES > 16) {
      return sumOfMany(v);
    }
    if (LANES > 8) {
      s = s.add(s.rearrange(ACROSS_8));
    }
    if (LANES > 4) {
      s = s.add(s.rearrange(ACROSS_4));
    }
    if (LANES > 2) {
      s = s.add(s.rearrange(ACROSS_2));
    }
    if (LANES > 1) {
      s = s.add(s.rearrange(ACROSS_1));
    }
    return s.lane(0);
  }

  private static float sumOfMany(FloatVector v) {
    float sum = 0;
    for (float lane : v.toArray()) {
      sum += lane;
    }
    return sum;
  }

  static FloatVector atMost(FloatVector x, float limit) {
    return x.blend(limit, x.compare(VectorOperators.GT, limit));
  }

  static FloatVector atLeast(FloatVector x, float limit) {
    return x.blend(limit, x.compare(VectorOperators.LT, limit));
  }

  /** The larger one; a NaN in {@code b} is passed over. */
  static FloatVector max(FloatVector a, FloatVector b) {
    return a.blend(b, b.compare(VectorOperators.GT, a));
  }

  /** e^x for x up to {@link dev.hone.core.kernel.cpu.Approximations#EXP_MAX}; subnormal results may be 0. */
  static FloatVector expBelow(FloatVector x) {
    FloatVector limited = atLeast(x, EXP_MIN);
    FloatVector shifted = limited.fma(all(LOG2_E), all(ROUND));
    return expReduced(limited, shifted).add(1).mul(power(shifted));
  }

  /** e^r - 1 for the rest r of x. */
  private static FloatVector expReduced(FloatVector x, FloatVector shifted) {
    FloatVector k = shifted.sub(ROUND);
    FloatVector r = k.fma(all(-LN2_LOW), k.fma(all(-LN2_HIGH), x));
    FloatVector p = r.fma(all(EXP_6), all(EXP_5));
    p = p.fma(r, all(EXP_4));
    p = p.fma(r, all(EXP_3));
    p = p.fma(r, all(EXP_2));
    return p.fma(r.mul(r), r);
  }

  private static FloatVector power(FloatVector shifted) {
    return power(shifted.reinterpretAsInts());
  }

  private static FloatVector power(IntVector k) {
    return k.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
  }

  /** e^x. */
  static FloatVector exp(FloatVector x) {
    FloatVector limited = atMost(atLeast(x, EXP_ZERO), EXP_INFINITE);
    FloatVector shifted = limited.fma(all(LOG2_E), all(ROUND));
    IntVector k = shifted.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUND));
    IntVector half = k.lanewise(VectorOperators.ASHR, 1);
    return expReduced(limited, shifted).add(1).mul(power(half)).mul(power(k.sub(half)));
  }

  /** e^-x, bounded: what the sigmoid 1 / (1 + e^-x) and its derivative are made of. */
  static FloatVector decay(FloatVector x) {
    return expBelow(atMost(x.neg(), EXP_MAX));
  }

  static FloatVector sigmoid(FloatVector x) {
    return all(1).div(decay(x).add(1));
  }

  /** Hyperbolic tangent: (e^2x - 1) / (e^2x + 1) without cancellation near 0. */
  static FloatVector tanh(FloatVector x) {
    FloatVector less = expLessOne(atMost(atLeast(x, -TANH_ONE), TANH_ONE));
    return less.div(less.add(2));
  }

  /** 1 - tanh²(x) = 4 · e^2|x| / (e^2|x| + 1)², which does not cancel. */
  static FloatVector tanhDerivative(FloatVector x) {
    FloatVector less = expLessOne(atMost(x.abs(), TANH_ONE));
    FloatVector half = all(2).div(less.add(2));
    return half.mul(half).mul(less.add(1));
  }

  /** e^2x - 1, accurate near 0 too. */
  private static FloatVector expLessOne(FloatVector x) {
    FloatVector twice = x.add(x);
    FloatVector shifted = twice.fma(all(LOG2_E), all(ROUND));
    FloatVector power = power(shifted);
    return expReduced(twice, shifted).fma(power, power.sub(1));
  }

  /** e^(-x²/2). */
  static FloatVector gauss(FloatVector x) {
    return expBelow(x.mul(x).mul(-0.5f));
  }

  /** Φ(x), given {@code gauss(x)}. */
  static FloatVector normalCdf(FloatVector x, FloatVector gauss) {
    FloatVector t = all(1).div(x.abs().fma(all(CDF_T), all(1)));
    FloatVector s = all(1).sub(t);
    FloatVector r = s.fma(all(CDF_9), all(CDF_8));
    r = r.fma(s, all(CDF_7));
    r = r.fma(s, all(CDF_6));
    r = r.fma(s, all(CDF_5));
    r = r.fma(s, all(CDF_4));
    r = r.fma(s, all(CDF_3));
    r = r.fma(s, all(CDF_2));
    r = r.fma(s, all(CDF_1));
    r = r.fma(s, all(CDF_0));
    FloatVector tail = gauss.mul(t).mul(r);
    return all(1).sub(tail).blend(tail, x.compare(VectorOperators.LT, 0));
  }
}
