package dev.hone.core.kernel.scalar;

import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.kernel.loops.ElementwiseLoops;
import dev.hone.core.random.Philox;

/** Element-wise loops in plain Java. */
public final class ScalarElementwiseLoops extends ElementwiseLoops {
  /** f(x). */
  public static float value(Unary function, float p, float q, float x) {
    return switch (function) {
      case NEG -> -x;
      case ABS -> Math.abs(x);
      case EXP -> ScalarMath.exp(x);
      case LOG -> (float) Math.log(x);
      case SQRT -> (float) Math.sqrt(x);
      case RSQRT -> (float) (1 / Math.sqrt(x));
      case POW -> (float) Math.pow(x, p);
      case CLAMP -> x < p ? p : x > q ? q : x;
      case AFFINE -> p * x + q;
    };
  }

  /** f'(x). */
  public static float derivative(Unary function, float p, float q, float x) {
    return switch (function) {
      case NEG -> -1;
      case ABS -> x > 0 ? 1 : x < 0 ? -1 : 0;
      case EXP -> ScalarMath.exp(x);
      case LOG -> 1 / x;
      case SQRT -> (float) (0.5 / Math.sqrt(x));
      case RSQRT -> (float) (-0.5 / (x * Math.sqrt(x)));
      case POW -> p == 0 ? 0 : (float) (p * Math.pow(x, p - 1.0)); // 0 · x^-1 would be NaN at 0
      case CLAMP -> x >= p && x <= q ? 1 : 0;
      case AFFINE -> p;
    };
  }

  /** a ∘ b. */
  public static float value(Binary function, float a, float b) {
    return switch (function) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
    };
  }

  @Override
  public void unary(Unary function, float p, float q, float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = value(function, p, q, x[xi + i]);
    }
  }

  @Override
  public void unaryBackward(Unary function, float p, float q, float[] x, int xi, float[] dy, int dyi, boolean accumulate,
      float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i++) {
      float gradient = dy[dyi + i] * derivative(function, p, q, x[xi + i]);
      dx[dxi + i] = accumulate ? dx[dxi + i] + gradient : gradient;
    }
  }

  @Override
  public void binary(Binary function, float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = value(function, a[ai + i], b[bi + i]);
    }
  }

  @Override
  public void binaryScalarRight(Binary function, float[] a, int ai, float b, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = value(function, a[ai + i], b);
    }
  }

  @Override
  public void binaryScalarLeft(Binary function, float a, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = value(function, a, b[bi + i]);
    }
  }

  @Override
  public void addScaled(float scale, float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] += scale * x[xi + i];
    }
  }

  @Override
  public void where(boolean[] mask, int mi, float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = mask[mi + i] ? a[ai + i] : b[bi + i];
    }
  }

  @Override
  public void dropout(float p, float scale, Philox random, long first, float[] x, int xi, boolean accumulate, float[] y,
      int yi, int n) {
    int[] words = new int[4];
    int limit = keepLimit(p);
    for (int i = 0; i < n; i++) {
      if ((i & 3) == 0) {
        random.block((first + i) >>> 2, words);
      }
      float kept = words[i & 3] >>> 8 >= limit ? scale * x[xi + i] : 0;
      y[yi + i] = accumulate ? y[yi + i] + kept : kept;
    }
  }

  /** The smallest 24-bit number u with u · 2^-24 >= p: comparing integers is the same as comparing the uniform numbers. */
  public static int keepLimit(float p) {
    return (int) Math.ceil(p * 0x1p24);
  }
}
