package dev.hone.core.kernel.scalar;

import static dev.hone.core.kernel.loops.Approximations.*;

/**
 * Elementary functions of one float, the same approximations as in the vector loops, whose tails use them too. Products and
 * sums are rounded apart: {@code Math.fma} is thousands of times slower where the processor has no such instruction.
 */
public final class ScalarMath {
  private ScalarMath() {}

  /** e^x. */
  public static float exp(float x) {
    float limited = x < EXP_ZERO ? EXP_ZERO : x > EXP_INFINITE ? EXP_INFINITE : x;
    float shifted = limited * LOG2_E + ROUND;
    int k = Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(ROUND);
    int half = k >> 1;
    return (1 + expReduced(limited, shifted)) * Float.intBitsToFloat(half + 127 << 23) * Float.intBitsToFloat(k - half
        + 127 << 23);
  }

  /** e^x for x up to {@link dev.hone.core.kernel.loops.Approximations#EXP_MAX}; subnormal results may be 0. */
  public static float expBelow(float x) {
    float limited = x < EXP_MIN ? EXP_MIN : x; // this way round NaN stays
    float shifted = limited * LOG2_E + ROUND;
    return (1 + expReduced(limited, shifted)) * power(shifted);
  }

  /** e^r - 1 for the rest r of x. */
  private static float expReduced(float x, float shifted) {
    float k = shifted - ROUND;
    float r = x - k * LN2_HIGH - k * LN2_LOW;
    float p = EXP_2 + r * (EXP_3 + r * (EXP_4 + r * (EXP_5 + r * EXP_6)));
    return r + r * r * p;
  }

  private static float power(float shifted) {
    return Float.intBitsToFloat((Float.floatToRawIntBits(shifted) + 127) << 23);
  }

  /** e^-x, bounded: what {@link #sigmoid} and its derivative are made of. */
  static float decay(float x) {
    return expBelow(-x > EXP_MAX ? EXP_MAX : -x);
  }

  /** 1 / (1 + e^-x). */
  public static float sigmoid(float x) {
    return 1 / (1 + decay(x));
  }

  /** Hyperbolic tangent: (e^2x - 1) / (e^2x + 1) without cancellation near 0. */
  public static float tanh(float x) {
    float less = expLessOne(x > TANH_ONE ? TANH_ONE : x < -TANH_ONE ? -TANH_ONE : x);
    return less / (less + 2);
  }

  /** 1 - tanh²(x) = 4 · e^2|x| / (e^2|x| + 1)², which does not cancel. */
  static float tanhDerivative(float x) {
    float less = expLessOne(x > TANH_ONE || x < -TANH_ONE ? TANH_ONE : Math.abs(x));
    float half = 2 / (less + 2);
    return half * half * (less + 1);
  }

  /** e^2x - 1, accurate near 0 too. */
  private static float expLessOne(float x) {
    float twice = x + x;
    float shifted = twice * LOG2_E + ROUND;
    float power = power(shifted);
    return expReduced(twice, shifted) * power + (power - 1);
  }

  /** e^(-x²/2). */
  public static float gauss(float x) {
    return expBelow(-0.5f * x * x);
  }

  /** Φ(x), given {@code gauss(x)}. */
  public static float normalCdf(float x, float gauss) {
    float t = 1 / (1 + CDF_T * Math.abs(x));
    float s = 1 - t;
    float r = CDF_4 + s * (CDF_5 + s * (CDF_6 + s * (CDF_7 + s * CDF_8)));
    float tail = gauss * t * (CDF_0 + s * (CDF_1 + s * (CDF_2 + s * (CDF_3 + s * r))));
    return x < 0 ? tail : 1 - tail;
  }
}
