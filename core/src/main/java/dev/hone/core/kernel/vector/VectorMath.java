package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.loops.Approximations.*;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions of vectors of the widest species, as in {@link dev.hone.core.kernel.loops.Approximations}.
 *
 * <p>Whoever calls these: C2 stops inlining methods of ours, though not those of the Vector API, once a compilation has made
 * 18,000 nodes, and one vector operation makes some hundreds. A function left out of line boxes its vectors, and its loop
 * becomes a hundred times slower. So loops use the Vector API itself for all that is simple, call these functions sparingly
 * and early, and these functions hardly call one another. No vector is ever passed to a lambda or stored.
 *
 * <p>Limits are compare and blend: {@code max} of the Vector API follows Java's rules for NaN and -0, which takes four
 * instructions. Sums over lanes are taken by shuffles in an order of our own, because that of {@code reduceLanes} may
 * differ between the interpreter and compiled code, and results would depend on when a loop gets compiled.
 */
final class VectorMath {
  static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
  static final int LANES = F32.length();

  private static final VectorShuffle<Float> ACROSS_8 = swap(8);
  private static final VectorShuffle<Float> ACROSS_4 = swap(4);
  private static final VectorShuffle<Float> ACROSS_2 = swap(2);
  private static final VectorShuffle<Float> ACROSS_1 = swap(1);

  /** -1 / (2 ln 2). What the next bits would add is less than what rounding x² takes. */
  private static final float HALF_LOG2_E = -0.721347511f;
  /** Where the power of two in e^(-u²/2) is 2^-126, the last that an exponent holds. */
  private static final int GAUSS_MAX = Float.floatToRawIntBits(13.19f);

  private VectorMath() {}

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(F32, lane -> (lane ^ distance) % LANES);
  }

  /** The largest multiple of the lanes up to n. */
  static int whole(int n) {
    return F32.loopBound(n);
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

  /** e^x for x up to {@link dev.hone.core.kernel.loops.Approximations#EXP_MAX}; subnormal results may be 0. */
  static FloatVector expBelow(FloatVector x) {
    FloatVector limited = x.blend(EXP_MIN, x.compare(LT, EXP_MIN)); // this way round NaN stays
    FloatVector shifted = limited.fma(LOG2_E, ROUND);
    FloatVector power = shifted.reinterpretAsInts().add(127).lanewise(LSHL, 23).reinterpretAsFloats();
    return expReduced(limited, shifted).add(1).mul(power);
  }

  /** e^r - 1 for the rest r of x. */
  private static FloatVector expReduced(FloatVector x, FloatVector shifted) {
    FloatVector k = shifted.sub(ROUND);
    FloatVector r = k.fma(broadcast(F32, -LN2_LOW), k.fma(broadcast(F32, -LN2_HIGH), x));
    FloatVector p = r.fma(EXP_6, EXP_5);
    p = p.fma(r, broadcast(F32, EXP_4));
    p = p.fma(r, broadcast(F32, EXP_3));
    p = p.fma(r, broadcast(F32, EXP_2));
    return p.fma(r.mul(r), r);
  }

  /** e^x. */
  static FloatVector exp(FloatVector x) {
    FloatVector least = x.blend(EXP_ZERO, x.compare(LT, EXP_ZERO));
    FloatVector limited = least.blend(EXP_INFINITE, x.compare(GT, EXP_INFINITE));
    FloatVector shifted = limited.fma(LOG2_E, ROUND);
    IntVector k = shifted.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUND));
    IntVector half = k.lanewise(ASHR, 1);
    FloatVector first = half.add(127).lanewise(LSHL, 23).reinterpretAsFloats();
    FloatVector second = k.sub(half).add(127).lanewise(LSHL, 23).reinterpretAsFloats();
    return expReduced(limited, shifted).add(1).mul(first).mul(second);
  }

  /** e^-x, bounded: what the sigmoid 1 / (1 + e^-x) and its derivative are made of. */
  static FloatVector decay(FloatVector x) {
    return expBelow(x.blend(-EXP_MAX, x.compare(LT, -EXP_MAX)).neg());
  }

  /** Hyperbolic tangent: (e^2x - 1) / (e^2x + 1) without cancellation near 0. */
  static FloatVector tanh(FloatVector x) {
    FloatVector less = expLessOne(x.blend(TANH_ONE, x.compare(GT, TANH_ONE)).blend(-TANH_ONE, x.compare(LT, -TANH_ONE)));
    return less.div(less.add(2));
  }

  /** 1 - tanh²(x) = 4 · e^2|x| / (e^2|x| + 1)², which does not cancel. */
  static FloatVector tanhDerivative(FloatVector x) {
    FloatVector size = x.abs();
    FloatVector less = expLessOne(size.blend(TANH_ONE, size.compare(GT, TANH_ONE)));
    FloatVector half = broadcast(F32, 2).div(less.add(2));
    return half.mul(half).mul(less.add(1));
  }

  /** e^2x - 1, accurate near 0 too. */
  private static FloatVector expLessOne(FloatVector x) {
    FloatVector twice = x.add(x);
    FloatVector shifted = twice.fma(LOG2_E, ROUND);
    FloatVector power = shifted.reinterpretAsInts().add(127).lanewise(LSHL, 23).reinterpretAsFloats();
    return expReduced(twice, shifted).fma(power, power.sub(1));
  }

  /** |x|, where {@link #gauss} is a normal number: 13.19 where |x| is more, and where x is NaN. */
  static FloatVector magnitude(FloatVector x) {
    return x.abs().reinterpretAsInts().min(GAUSS_MAX).reinterpretAsFloats(); // bits are in the order of values
  }

  /**
   * e^(-u²/2), as in {@link Exponential}, for a {@link #magnitude}. The power of two is added to the exponent: an operation less
   * than a product with it.
   */
  static FloatVector gauss(FloatVector u) {
    FloatVector square = u.mul(u);
    FloatVector shifted = square.fma(HALF_LOG2_E, ROUND);
    FloatVector r = square.fma(broadcast(F32, HALF_LOG2_E), broadcast(F32, ROUND).sub(shifted));
    FloatVector p = r.fma(Exponential.C5, Exponential.C4);
    p = p.fma(r, broadcast(F32, Exponential.C3));
    p = p.fma(r, broadcast(F32, Exponential.C2));
    p = p.fma(r, broadcast(F32, Exponential.C1));
    p = p.fma(r, broadcast(F32, 1));
    return p.reinterpretAsInts().add(shifted.reinterpretAsInts().lanewise(LSHL, 23)).reinterpretAsFloats();
  }

  /**
   * Φ(-u), given {@code gauss} = e^(-u²/2), for a {@link #magnitude}. Φ(u) is 1 less that. The gradients of GELU choose between
   * the two where they are: a method called after this one would be beyond the 18,000 nodes up to which the compiler takes in
   * methods of ours, and its vector would become an object.
   */
  static FloatVector normalTail(FloatVector u, FloatVector gauss) {
    FloatVector t = broadcast(F32, 1).div(u.fma(CDF_T, 1));
    FloatVector s = broadcast(F32, 1).sub(t);
    FloatVector r = s.fma(CDF_8, CDF_7);
    r = r.fma(s, broadcast(F32, CDF_6));
    r = r.fma(s, broadcast(F32, CDF_5));
    r = r.fma(s, broadcast(F32, CDF_4));
    r = r.fma(s, broadcast(F32, CDF_3));
    r = r.fma(s, broadcast(F32, CDF_2));
    r = r.fma(s, broadcast(F32, CDF_1));
    r = r.fma(s, broadcast(F32, CDF_0));
    return gauss.mul(t).mul(r);
  }

  /** x · Φ(x), as max(x, 0) - |x| · Φ(-|x|): a choice less, and as exact where x is negative. */
  static FloatVector gelu(FloatVector x) {
    FloatVector u = magnitude(x);
    return normalTail(u, gauss(u)).fma(u.neg(), x.blend(0, x.compare(LT, 0)));
  }
}
