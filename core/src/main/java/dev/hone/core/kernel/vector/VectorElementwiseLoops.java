package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static dev.hone.core.kernel.vector.VectorMath.all;
import static dev.hone.core.kernel.vector.VectorMath.load;

import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.kernel.cpu.ElementwiseLoops;
import dev.hone.core.kernel.scalar.ScalarElementwiseLoops;
import dev.hone.core.random.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Element-wise loops on vectors: whole vectors here, the rest and functions that are rare in training (logarithm, powers)
 * by the scalar twin.
 */
public final class VectorElementwiseLoops extends ElementwiseLoops {
  private final ScalarElementwiseLoops twin = new ScalarElementwiseLoops();

  @Override
  public void unary(Unary function, float p, float q, float[] x, int xi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    switch (function) {
      case NEG -> affine(-1, -0f, x, xi, y, yi, body);
      case ABS -> abs(x, xi, y, yi, body);
      case EXP -> exp(x, xi, y, yi, body);
      case SQRT -> sqrt(x, xi, y, yi, body);
      case CLAMP -> clamp(p, q, x, xi, y, yi, body);
      case AFFINE -> affine(p, q, x, xi, y, yi, body);
      case LOG, RSQRT, POW -> body = 0;
    }
    twin.unary(function, p, q, x, xi + body, y, yi + body, n - body);
  }

  private static void affine(float p, float q, float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      load(x, xi + i).fma(all(p), all(q)).intoArray(y, yi + i);
    }
  }

  private static void abs(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      load(x, xi + i).abs().intoArray(y, yi + i);
    }
  }

  private static void exp(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      VectorMath.exp(load(x, xi + i)).intoArray(y, yi + i);
    }
  }

  private static void sqrt(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      load(x, xi + i).sqrt().intoArray(y, yi + i);
    }
  }

  private static void clamp(float p, float q, float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      VectorMath.atMost(VectorMath.atLeast(load(x, xi + i), p), q).intoArray(y, yi + i);
    }
  }

  @Override
  public void unaryBackward(Unary function, float p, float q, float[] x, int xi, float[] dy, int dyi, boolean accumulate,
      float[] dx, int dxi, int n) {
    int body = VectorMath.whole(n);
    switch (function) {
      case NEG -> scaled(-1, dy, dyi, accumulate, dx, dxi, body);
      case AFFINE -> scaled(p, dy, dyi, accumulate, dx, dxi, body);
      case EXP -> expBackward(x, xi, dy, dyi, accumulate, dx, dxi, body);
      case CLAMP -> clampBackward(p, q, x, xi, dy, dyi, accumulate, dx, dxi, body);
      case ABS, SQRT, LOG, RSQRT, POW -> body = 0;
    }
    twin.unaryBackward(function, p, q, x, xi + body, dy, dyi + body, accumulate, dx, dxi + body, n - body);
  }

  private static void store(FloatVector value, boolean accumulate, float[] y, int index) {
    if (accumulate) {
      value.add(load(y, index)).intoArray(y, index);
    } else {
      value.intoArray(y, index);
    }
  }

  private static void scaled(float factor, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      store(load(dy, dyi + i).mul(factor), accumulate, dx, dxi + i);
    }
  }

  private static void expBackward(float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      store(VectorMath.exp(load(x, xi + i)).mul(load(dy, dyi + i)), accumulate, dx, dxi + i);
    }
  }

  private static void clampBackward(float p, float q, float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx,
      int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = load(x, xi + i);
      VectorMask<Float> within = v.compare(VectorOperators.GE, p).and(v.compare(VectorOperators.LE, q));
      store(all(0).blend(load(dy, dyi + i), within), accumulate, dx, dxi + i);
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
      load(a, ai + i).add(load(b, bi + i)).intoArray(y, yi + i);
    }
  }

  private static void subtract(float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      load(a, ai + i).sub(load(b, bi + i)).intoArray(y, yi + i);
    }
  }

  private static void multiply(float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      load(a, ai + i).mul(load(b, bi + i)).intoArray(y, yi + i);
    }
  }

  private static void divide(float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      load(a, ai + i).div(load(b, bi + i)).intoArray(y, yi + i);
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
      load(a, ai + i).add(b).intoArray(y, yi + i);
    }
  }

  private static void multiplyNumber(float[] a, int ai, float b, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      load(a, ai + i).mul(b).intoArray(y, yi + i);
    }
  }

  private static void divideByNumber(float[] a, int ai, float b, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      load(a, ai + i).div(b).intoArray(y, yi + i);
    }
  }

  private static void subtractFromNumber(float a, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      all(a).sub(load(b, bi + i)).intoArray(y, yi + i);
    }
  }

  private static void divideNumber(float a, float[] b, int bi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      all(a).div(load(b, bi + i)).intoArray(y, yi + i);
    }
  }

  @Override
  public void addScaled(float scale, float[] x, int xi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      load(x, xi + i).fma(all(scale), load(y, yi + i)).intoArray(y, yi + i);
    }
    twin.addScaled(scale, x, xi + body, y, yi + body, n - body);
  }

  @Override
  public void where(boolean[] mask, int mi, float[] a, int ai, float[] b, int bi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    for (int i = 0; i < body; i += LANES) {
      VectorMask<Float> chosen = VectorMask.fromArray(VectorMath.F32, mask, mi + i);
      load(b, bi + i).blend(load(a, ai + i), chosen).intoArray(y, yi + i);
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
