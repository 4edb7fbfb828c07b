package dev.hone.core.kernel.loops;

/**
 * Constants of the elementary functions that both kinds of loops compute in float32. The polynomials are minimax fits of our
 * own, coefficients from the constant term upwards.
 *
 * <p>e^x = 2^k · e^r with k = round(x / ln 2) and |r| ≤ ln 2 / 2. k comes from adding {@link #ROUND}, which pushes the
 * fraction out of the mantissa and leaves k as a two's complement number in its low bits; {@code (bits + 127) << 23} is
 * then the float 2^k. ln 2 is subtracted in two parts, the first of which times k is exact. Where results may be subnormal
 * or overflow, 2^k is multiplied in two halves; softmax and the activations do without.
 *
 * <p>Φ(-u), the normal distribution function at u ≥ 0, is e^(-u²/2) · t · R(1 - t) with t = 1 / (1 + {@link #CDF_T} · u);
 * R(0) = 1/2 exactly. The form keeps the relative error of the tail small, and the exponential is what the density, and so
 * the derivative of GELU, needs as well.
 */
public final class Approximations {
  /** 1.5 · 2^23. */
  public static final float ROUND = 0x1.8p23f;
  /** 1 / ln 2. */
  public static final float LOG2_E = 1.44269504f;
  /** Upper part of ln 2, 16 bits. */
  public static final float LN2_HIGH = 0.693145751953125f;
  /** ln 2 less {@link #LN2_HIGH}. */
  public static final float LN2_LOW = 1.4286068203094173e-6f;
  /** Smaller arguments of e^x give 0: k would be -127, whose power of two comes out as 0. */
  public static final float EXP_MIN = -88.0f;
  /** The largest argument for which k is at most 127. */
  public static final float EXP_MAX = 88.0f;
  /** From here on e^x is infinite, by way of a product that overflows. */
  public static final float EXP_INFINITE = 89.0f;
  /** Up to here e^x rounds to 0, by way of a product that underflows. */
  public static final float EXP_ZERO = -104.0f;

  /** e^r = 1 + r + r² · (EXP_2 + EXP_3 · r + ...), relative error 3e-9. */
  public static final float EXP_2 = 0.49999994f;
  /** Coefficient of r³. */
  public static final float EXP_3 = 0.16666521f;
  /** Coefficient of r⁴. */
  public static final float EXP_4 = 0.04166839f;
  /** Coefficient of r⁵. */
  public static final float EXP_5 = 0.008368745f;
  /** Coefficient of r⁶. */
  public static final float EXP_6 = 0.001381454f;

  /** From this |x| on tanh(x) rounds to ±1. */
  public static final float TANH_ONE = 9.1f;

  /** How t falls with u. */
  public static final float CDF_T = 0.34f;
  /** Coefficients of R, relative error 3e-8 for u up to 13.6. */
  public static final float CDF_0 = 0.5f;
  /** Coefficient of degree 1. */
  public static final float CDF_1 = -0.67336f;
  /** Coefficient of degree 2. */
  public static final float CDF_2 = 0.31590402f;
  /** Coefficient of degree 3. */
  public static final float CDF_3 = 0.084698f;
  /** Coefficient of degree 4. */
  public static final float CDF_4 = -0.07711904f;
  /** Coefficient of degree 5. */
  public static final float CDF_5 = -0.029258007f;
  /** Coefficient of degree 6. */
  public static final float CDF_6 = -0.029176837f;
  /** Coefficient of degree 7. */
  public static final float CDF_7 = 0.070296325f;
  /** Coefficient of degree 8. */
  public static final float CDF_8 = -0.026364975f;
  /** 1 / √(2π), the density at 0. */
  public static final float DENSITY_0 = 0.3989423f;

  /** 2 · √(2/π): GELU's approximation is x · sigmoid(GELU_A · x + GELU_B · x³). */
  public static final float GELU_A = 1.5957691f;
  /** {@link #GELU_A} · 0.044715. */
  public static final float GELU_B = 0.07135482f;

  private Approximations() {}
}
