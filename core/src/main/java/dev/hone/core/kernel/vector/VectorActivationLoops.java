package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.loops.Approximations.DENSITY_0;
import static dev.hone.core.kernel.loops.Approximations.GELU_A;
import static dev.hone.core.kernel.loops.Approximations.GELU_B;
import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static dev.hone.core.kernel.vector.VectorMath.decay;
import static dev.hone.core.kernel.vector.VectorMath.gauss;
import static dev.hone.core.kernel.vector.VectorMath.magnitude;
import static dev.hone.core.kernel.vector.VectorMath.normalTail;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromArray;
import static jdk.incubator.vector.FloatVector.zero;

import dev.hone.core.Activation;
import dev.hone.core.kernel.loops.ActivationLoops;
import dev.hone.core.kernel.scalar.ScalarActivationLoops;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Activations on vectors: a loop per function and direction over whole vectors, the scalar twin for gates that no model family
 * uses. Derivatives are those of the twin.
 */
public final class VectorActivationLoops extends ActivationLoops {
  private final ScalarActivationLoops twin = new ScalarActivationLoops();

  @Override
  public void forward(Activation activation, float[] x, int xi, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    vectors(activation, x, xi, y, yi, body);
    if (body < n) {
      float[] last = LastVector.of(x, xi + body, n - body);
      vectors(activation, last, 0, last, 0, LANES);
      System.arraycopy(last, 0, y, yi + body, n - body);
    }
  }

  private static void vectors(Activation activation, float[] x, int xi, float[] y, int yi, int n) {
    switch (activation) {
      case NONE -> System.arraycopy(x, xi, y, yi, n);
      case RELU -> relu(x, xi, y, yi, n);
      case GELU -> gelu(x, xi, y, yi, n);
      case GELU_TANH -> geluTanh(x, xi, y, yi, n);
      case SILU -> silu(x, xi, y, yi, n);
      case TANH -> tanh(x, xi, y, yi, n);
      case SIGMOID -> sigmoids(x, xi, y, yi, n);
    }
  }

  private static void relu(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      v.blend(0, v.compare(VectorOperators.LE, 0)).intoArray(y, yi + i);
    }
  }

  private static void gelu(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      VectorMath.gelu(v).intoArray(y, yi + i);
    }
  }

  private static void geluTanh(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      v.div(geluDecay(v).add(1)).intoArray(y, yi + i);
    }
  }

  private static void silu(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      v.div(decay(v).add(1)).intoArray(y, yi + i);
    }
  }

  private static void tanh(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      VectorMath.tanh(fromArray(F32, x, xi + i)).intoArray(y, yi + i);
    }
  }

  private static void sigmoids(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      broadcast(F32, 1).div(decay(fromArray(F32, x, xi + i)).add(1)).intoArray(y, yi + i);
    }
  }

  /** e^-u with x · sigmoid(u) the tangent form of GELU. */
  private static FloatVector geluDecay(FloatVector x) {
    return decay(x.mul(x.mul(x).fma(broadcast(F32, GELU_B), broadcast(F32, GELU_A))));
  }

  @Override
  public void backward(Activation activation, float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi,
      int n) {
    int body = VectorMath.whole(n);
    backwardVectors(activation, x, xi, dy, dyi, accumulate, dx, dxi, body);
    if (body < n) {
      float[] last = LastVector.of(x, xi + body, n - body);
      int up = LastVector.put(dy, dyi + body, n - body, last, 1);
      int sum = LastVector.put(dx, dxi + body, n - body, last, 2);
      backwardVectors(activation, last, 0, last, up, accumulate, last, sum, LANES);
      System.arraycopy(last, sum, dx, dxi + body, n - body);
    }
  }

  private static void backwardVectors(Activation activation, float[] x, int xi, float[] dy, int dyi, boolean accumulate,
      float[] dx, int dxi, int n) {
    switch (activation) {
      case NONE -> pass(dy, dyi, accumulate, dx, dxi, n);
      case RELU -> reluBackward(x, xi, dy, dyi, accumulate, dx, dxi, n);
      case GELU -> geluBackward(x, xi, dy, dyi, accumulate, dx, dxi, n);
      case GELU_TANH -> geluTanhBackward(x, xi, dy, dyi, accumulate, dx, dxi, n);
      case SILU -> siluBackward(x, xi, dy, dyi, accumulate, dx, dxi, n);
      case TANH -> tanhBackward(x, xi, dy, dyi, accumulate, dx, dxi, n);
      case SIGMOID -> sigmoidBackward(x, xi, dy, dyi, accumulate, dx, dxi, n);
    }
  }

  private static void pass(float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector gradient = fromArray(F32, dy, dyi + i);
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  private static void reluBackward(float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector d = zero(F32).blend(fromArray(F32, dy, dyi + i), fromArray(F32, x, xi + i).compare(VectorOperators.GT, 0));
      if (accumulate) {
        d.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        d.intoArray(dx, dxi + i);
      }
    }
  }

  private static void geluBackward(float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      FloatVector u = magnitude(v);
      FloatVector gauss = gauss(u);
      FloatVector tail = normalTail(u, gauss);
      FloatVector cdf = broadcast(F32, 1).sub(tail).blend(tail, v.compare(VectorOperators.LT, 0));
      FloatVector slope = v.mul(DENSITY_0).fma(gauss, cdf);
      FloatVector gradient = slope.mul(fromArray(F32, dy, dyi + i));
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  private static void geluTanhBackward(float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi,
      int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      FloatVector gradient = geluTanhSlope(v, geluDecay(v)).mul(fromArray(F32, dy, dyi + i));
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  private static FloatVector geluTanhSlope(FloatVector x, FloatVector e) {
    FloatVector s = broadcast(F32, 1).div(e.add(1));
    FloatVector inner = x.mul(x).fma(broadcast(F32, 3 * GELU_B), broadcast(F32, GELU_A)).mul(x);
    return inner.mul(e.mul(s)).fma(s, s);
  }

  private static void siluBackward(float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = fromArray(F32, x, xi + i);
      FloatVector gradient = siluSlope(v, decay(v)).mul(fromArray(F32, dy, dyi + i));
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  private static FloatVector siluSlope(FloatVector x, FloatVector e) {
    FloatVector s = broadcast(F32, 1).div(e.add(1));
    return x.mul(e.mul(s)).fma(s, s);
  }

  private static void tanhBackward(float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector slope = VectorMath.tanhDerivative(fromArray(F32, x, xi + i));
      FloatVector gradient = slope.mul(fromArray(F32, dy, dyi + i));
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  private static void sigmoidBackward(float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx, int dxi,
      int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector e = decay(fromArray(F32, x, xi + i));
      FloatVector s = broadcast(F32, 1).div(e.add(1));
      FloatVector gradient = s.mul(e.mul(s)).mul(fromArray(F32, dy, dyi + i));
      if (accumulate) {
        gradient.add(fromArray(F32, dx, dxi + i)).intoArray(dx, dxi + i);
      } else {
        gradient.intoArray(dx, dxi + i);
      }
    }
  }

  @Override
  public void gated(Activation activation, float[] gate, int gi, float[] up, int ui, float[] y, int yi, int n) {
    int body = VectorMath.whole(n);
    gatedVectors(activation, gate, gi, up, ui, y, yi, body);
    if (body < n) {
      float[] last = LastVector.of(gate, gi + body, n - body);
      int factor = LastVector.put(up, ui + body, n - body, last, 1);
      gatedVectors(activation, last, 0, last, factor, last, 0, LANES);
      System.arraycopy(last, 0, y, yi + body, n - body);
    }
  }

  private void gatedVectors(Activation activation, float[] gate, int gi, float[] up, int ui, float[] y, int yi, int n) {
    switch (activation) {
      case GELU -> geluGated(gate, gi, up, ui, y, yi, n);
      case GELU_TANH -> geluTanhGated(gate, gi, up, ui, y, yi, n);
      case SILU -> siluGated(gate, gi, up, ui, y, yi, n);
      case NONE, RELU, TANH, SIGMOID -> twin.gated(activation, gate, gi, up, ui, y, yi, n);
    }
  }

  private static void geluGated(float[] gate, int gi, float[] up, int ui, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector g = fromArray(F32, gate, gi + i);
      VectorMath.gelu(g).mul(fromArray(F32, up, ui + i)).intoArray(y, yi + i);
    }
  }

  private static void geluTanhGated(float[] gate, int gi, float[] up, int ui, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector g = fromArray(F32, gate, gi + i);
      g.mul(fromArray(F32, up, ui + i)).div(geluDecay(g).add(1)).intoArray(y, yi + i);
    }
  }

  private static void siluGated(float[] gate, int gi, float[] up, int ui, float[] y, int yi, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector g = fromArray(F32, gate, gi + i);
      g.mul(fromArray(F32, up, ui + i)).div(decay(g).add(1)).intoArray(y, yi + i);
    }
  }

  @Override
  public void gatedBackward(Activation activation, float[] gate, int gi, float[] up, int ui, float[] dy, int dyi,
      float[] dGate, int dgi, float[] dUp, int dui, int n) {
    int body = VectorMath.whole(n);
    gatedBackwardVectors(activation, gate, gi, up, ui, dy, dyi, dGate, dgi, dUp, dui, body);
    if (body < n) {
      float[] last = LastVector.of(gate, gi + body, n - body);
      int factor = LastVector.put(up, ui + body, n - body, last, 1);
      int upstream = LastVector.put(dy, dyi + body, n - body, last, 2);
      gatedBackwardVectors(activation, last, 0, last, factor, last, upstream, last, 3 * LANES, last, 4 * LANES, LANES);
      System.arraycopy(last, 3 * LANES, dGate, dgi + body, n - body);
      System.arraycopy(last, 4 * LANES, dUp, dui + body, n - body);
    }
  }

  private void gatedBackwardVectors(Activation activation, float[] gate, int gi, float[] up, int ui, float[] dy, int dyi,
      float[] dGate, int dgi, float[] dUp, int dui, int n) {
    switch (activation) {
      case GELU -> geluGatedBackward(gate, gi, up, ui, dy, dyi, dGate, dgi, dUp, dui, n);
      case GELU_TANH -> geluTanhGatedBackward(gate, gi, up, ui, dy, dyi, dGate, dgi, dUp, dui, n);
      case SILU -> siluGatedBackward(gate, gi, up, ui, dy, dyi, dGate, dgi, dUp, dui, n);
      case NONE, RELU, TANH, SIGMOID -> twin.gatedBackward(activation, gate, gi, up, ui, dy, dyi, dGate, dgi, dUp, dui, n);
    }
  }

  private static void geluGatedBackward(float[] gate, int gi, float[] up, int ui, float[] dy, int dyi, float[] dGate,
      int dgi, float[] dUp, int dui, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector g = fromArray(F32, gate, gi + i);
      FloatVector d = fromArray(F32, dy, dyi + i);
      FloatVector u = magnitude(g);
      FloatVector gauss = gauss(u);
      FloatVector tail = normalTail(u, gauss);
      FloatVector cdf = broadcast(F32, 1).sub(tail).blend(tail, g.compare(VectorOperators.LT, 0));
      d.mul(fromArray(F32, up, ui + i)).mul(g.mul(DENSITY_0).fma(gauss, cdf)).intoArray(dGate, dgi + i);
      d.mul(g).mul(cdf).intoArray(dUp, dui + i);
    }
  }

  private static void geluTanhGatedBackward(float[] gate, int gi, float[] up, int ui, float[] dy, int dyi, float[] dGate,
      int dgi, float[] dUp, int dui, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector g = fromArray(F32, gate, gi + i);
      FloatVector d = fromArray(F32, dy, dyi + i);
      FloatVector e = geluDecay(g);
      d.mul(fromArray(F32, up, ui + i)).mul(geluTanhSlope(g, e)).intoArray(dGate, dgi + i);
      d.mul(g).div(e.add(1)).intoArray(dUp, dui + i);
    }
  }

  private static void siluGatedBackward(float[] gate, int gi, float[] up, int ui, float[] dy, int dyi, float[] dGate,
      int dgi, float[] dUp, int dui, int n) {
    for (int i = 0; i < n; i += LANES) {
      FloatVector g = fromArray(F32, gate, gi + i);
      FloatVector d = fromArray(F32, dy, dyi + i);
      FloatVector e = decay(g);
      FloatVector s = broadcast(F32, 1).div(e.add(1));
      d.mul(fromArray(F32, up, ui + i)).mul(g.mul(e.mul(s)).fma(s, s)).intoArray(dGate, dgi + i);
      d.mul(g).mul(s).intoArray(dUp, dui + i);
    }
  }
}
