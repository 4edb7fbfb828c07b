package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;
import static jdk.incubator.vector.FloatVector.zero;

import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.kernel.loops.ElementwiseLoops;
import dev.hone.core.kernel.scalar.ScalarElementwiseLoops;
import dev.hone.core.random.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Element-wise loops on vectors; functions that are rare in training (logarithm, powers), and what whole vectors leave where
 * it has the same bits, by the scalar twin.
 */
public final class VectorElementwiseLoops extends ElementwiseLoops {
  private final ScalarElementwiseLoops twin = new ScalarElementwiseLoops();

  @Override
  public void unary(Unary function, float p, float q, float[] x, int xi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    unaryVectors(function, p, q, x, xi, y, yi, body);
    if (body < n) {
      float[] last = LastVector.of(x, xi + body, n - body);
      unaryVectors(function, p, q, last, 0, last, 0, LANES);
      System.arraycopy(last, 0, y, yi + body, n - body);
    }
  }

  private void unaryVectors(Unary function, float p, float q, float[] x, int xi, float[] y, int yi, int n) {
    switch (function) {
      case NEG -> affine(-1, -0f, x, xi, y, yi, n);
      case ABS -> abs(x, xi, y, yi, n);
      case EXP -> exp(x, xi, y, yi, n);
      case SQRT -> sqrt(x, xi, y, yi, n);
      case CLAMP -> clamp(p, q, x, xi, y, yi, n);
      case AFFINE -> affine(p, q, x, xi, y, yi, n);
      case LOG, RSQRT, POW -> twin.unary(function, p, q, x, xi, y, yi, n);
    }
  }

  private static void affine(float p, float q, float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, x, xi + i).fma(broadcast(F32, p), broadcast(F32, q)).intoArray(y, yi + i);
    }
  }

  private static void abs(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, x, xi + i).abs().intoArray(y, yi + i);
    }
  }

  private static void exp(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      VectorMath.exp(fromArray(F32, x, xi + i)).intoArray(y, yi + i);
    }
  }

  private static void sqrt(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, x, xi + i).sqrt().intoArray(y, yi + i);
    }
  }

  private static void clamp(float p, float q, float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      v.blend(q, v.compare(VectorOperators.GT, q)).blend(p, v.compare(VectorOperators.LT, p)).intoArray(y, yi + i);
    }
  }

  @Override
  public void unaryBackward(Unary function, float p, float q, float[] x, int xi, float[] dy, int dyi, boolean accumulate,
      float[] dx, int dxi, int n) {
    int body = VectorMath.whole(n);
    unaryBackwardVectors(function, p, q, x, xi, dy, dyi, accumulate, dx, dxi, body);
    if (body < n) {
      float[] last = LastVector.of(x, xi + body, n - body);
      int up = LastVector.put(dy, dyi + body, n - body, last, 1);
      int sum = LastVector.put(dx, dxi + body, n - body, last, 2);
      unaryBackwardVectors(function, p, q, last, 0, last, up, accumulate, last, sum, LANES);
      System.arraycopy(last, sum, dx, dxi + body, n - body);
    }
  }

  private void unaryBackwardVectors(Unary function, float p, float q, float[] x, int xi, float[] dy, int dyi,
      boolean accumulate, float[] dx, int dxi, int n) {
    switch (function) {
      case NEG -> scaled(-1, dy, dyi, accumulate, dx, dxi, n);
      case AFFINE -> scaled(p, dy, dyi, accumulate, dx, dxi, n);
      case EXP -> expBackward(x, xi, dy, dyi, accumulate, dx, dxi, n);
      case CLAMP -> clampBackward(p, q, x, xi, dy, dyi, accumulate, dx, dxi, n);
      case ABS, SQRT, LOG, RSQRT, POW -> twin.unaryBackward(function, p, q, x, xi, dy, dyi, accumulate, dx, dxi, n);
    }
  }

  private static void scaled(float factor, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector gradient = fromArray(F32, dy, dyi + i).mul(factor);
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  private static void expBackward(float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector gradient = VectorMath.exp(fromArray(F32, x, xi + i)).mul(fromArray(F32, dy, dyi + i));
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  private static void clampBackward(float p, float q, float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx,
      int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      VectorMask<Float> within = v.compare(VectorOperators.GE, p).and(v.compare(VectorOperators.LE, q));
      FloatVector gradient = zero(F32).blend(fromArray(F32, dy, dyi + i), within);
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  @Override
  public void binary(Binary function, float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    switch (function) {
      case ADD -> add(a, ai, b, bi, y, yi, body);
      case SUB -> subtract(a, ai, b, bi, y, yi, body);
      case MUL -> multiply(a, ai, b, bi, y, yi, body);
      case DIV -> divide(a, ai, b, bi, y, yi, body);
    }
    twin.binary(function, a, ai + body, b, bi + body, y, yi + body, n - body);
  }

  private static void add(float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, a, ai + i).add(fromArray(F32, b, bi + i)).intoArray(y, yi + i);
    }
  }

  private static void subtract(float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, a, ai + i).sub(fromArray(F32, b, bi + i)).intoArray(y, yi + i);
    }
  }

  private static void multiply(float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, a, ai + i).mul(fromArray(F32, b, bi + i)).intoArray(y, yi + i);
    }
  }

  private static void divide(float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, a, ai + i).div(fromArray(F32, b, bi + i)).intoArray(y, yi + i);
    }
  }

  @Override
  public void binaryScalarRight(Binary function, float[] a, int ai, float b, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    switch (function) {
      case ADD -> addNumber(a, ai, b, y, yi, body);
      case SUB -> addNumber(a, ai, -b, y, yi, body);
      case MUL -> multiplyNumber(a, ai, b, y, yi, body);
      case DIV -> divideByNumber(a, ai, b, y, yi, body);
    }
    twin.binaryScalarRight(function, a, ai + body, b, y, yi + body, n - body);
  }

  @Override
  public void binaryScalarLeft(Binary function, float a, float[] b, int bi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    switch (function) {
      case ADD -> addNumber(b, bi, a, y, yi, body);
      case SUB -> subtractFromNumber(a, b, bi, y, yi, body);
      case MUL -> multiplyNumber(b, bi, a, y, yi, body);
      case DIV -> divideNumber(a, b, bi, y, yi, body);
    }
    twin.binaryScalarLeft(function, a, b, bi + body, y, yi + body, n - body);
  }

  private static void addNumber(float[] a, int ai, float b, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, a, ai + i).add(b).intoArray(y, yi + i);
    }
  }

  private static void multiplyNumber(float[] a, int ai, float b, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, a, ai + i).mul(b).intoArray(y, yi + i);
    }
  }

  private static void divideByNumber(float[] a, int ai, float b, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      fromArray(F32, a, ai + i).div(b).intoArray(y, yi + i);
    }
  }

  private static void subtractFromNumber(float a, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      broadcast(F32, a).sub(fromArray(F32, b, bi + i)).intoArray(y, yi + i);
    }
  }

  private static void divideNumber(float a, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      broadcast(F32, a).div(fromArray(F32, b, bi + i)).intoArray(y, yi + i);
    }
  }

  @Override
  public void addScaled(float scale, float[] x, int xi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      fromArray(F32, x, xi + i).fma(broadcast(F32, scale), fromArray(F32, y, yi + i)).intoArray(y, yi + i);
    }
    for (int i = body; i < n; i++) {
      y[yi + i] = Math.fma(x[xi + i], scale, y[yi + i]);
    }
  }

  @Override
  public void where(boolean[] mask, int mi, float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      VectorMask<Float> chosen = VectorMask.fromArray(F32, mask, mi + i);
      fromArray(F32, b, bi + i).blend(fromArray(F32, a, ai + i), chosen).intoArray(y, yi + i);
    }
    twin.where(mask, mi + body, a, ai + body, b, bi + body, y, yi + body, n - body);
  }

  @Override
  public void dropout(float p, float scale, Philox random, long first, float[] x, int xi, boolean accumulate, float[] y,
      int yi, int n) {
    int body = n - n % VectorDropout.STEP;
    VectorDropout.vectors(ScalarElementwiseLoops.keepLimit(p), scale, random, first, x, xi, accumulate, y, yi, body);
    twin.dropout(p, scale, random, first + body, x, xi + body, accumulate, y, yi + body, n - body);
  }
}
