package dev.hone.core.kernel.scalar;

import static dev.hone.core.kernel.loops.Approximations.DENSITY_0;
import static dev.hone.core.kernel.loops.Approximations.GELU_A;
import static dev.hone.core.kernel.loops.Approximations.GELU_B;
import static dev.hone.core.kernel.scalar.ScalarMath.decay;
import static dev.hone.core.kernel.scalar.ScalarMath.gauss;
import static dev.hone.core.kernel.scalar.ScalarMath.normalCdf;
import static dev.hone.core.kernel.scalar.ScalarMath.sigmoid;

import dev.hone.core.Activation;
import dev.hone.core.kernel.loops.ActivationLoops;

/** Activations in plain Java. */
public final class ScalarActivationLoops extends ActivationLoops {
  /** activation(x). */
  public static float value(Activation activation, float x) {
    return switch (activation) {
      case NONE -> x;
      case RELU -> x > 0 ? x : x != x ? x : 0;
      case GELU -> x * normalCdf(x, gauss(x));
      case GELU_TANH -> x * sigmoid(x * (GELU_A + GELU_B * x * x));
      case SILU -> x * sigmoid(x);
      case TANH -> ScalarMath.tanh(x);
      case SIGMOID -> sigmoid(x);
    };
  }

  /** activation'(x). With e = e^-x and s = 1 / (1 + e), 1 - s is computed as e · s, which does not cancel. */
  public static float derivative(Activation activation, float x) {
    return switch (activation) {
      case NONE -> 1;
      case RELU -> x > 0 ? 1 : 0;
      case GELU -> {
        float gauss = gauss(x);
        yield normalCdf(x, gauss) + x * DENSITY_0 * gauss;
      }
      case GELU_TANH -> {
        float e = decay(x * (GELU_A + GELU_B * x * x));
        float s = 1 / (1 + e);
        yield s + x * s * (e * s) * (GELU_A + 3 * GELU_B * x * x);
      }
      case SILU -> {
        float e = decay(x);
        float s = 1 / (1 + e);
        yield s * (1 + x * (e * s));
      }
      case TANH -> ScalarMath.tanhDerivative(x);
      case SIGMOID -> {
        float e = decay(x);
        float s = 1 / (1 + e);
        yield s * (e * s);
      }
    };
  }

  @Override
  public void forward(Activation activation, float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = value(activation, x[xi + i]);
    }
  }

  @Override
  public void backward(Activation activation, float[] x, int xi, float[] dy, int dyi, boolean accumulate, float[] dx,
      int dxi, int n) {
    for (int i = 0; i < n; i++) {
      float gradient = dy[dyi + i] * derivative(activation, x[xi + i]);
      dx[dxi + i] = accumulate ? dx[dxi + i] + gradient : gradient;
    }
  }

  @Override
  public void gated(Activation activation, float[] gate, int gi, float[] up, int ui, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = value(activation, gate[gi + i]) * up[ui + i];
    }
  }

  @Override
  public void gatedBackward(Activation activation, float[] gate, int gi, float[] up, int ui, float[] dy, int dyi,
      float[] dGate, int dgi, float[] dUp, int dui, int n) {
    for (int i = 0; i < n; i++) {
      float g = gate[gi + i];
      float u = up[ui + i];
      float d = dy[dyi + i];
      dGate[dgi + i] = d * u * derivative(activation, g);
      dUp[dui + i] = d * value(activation, g);
    }
  }
}
