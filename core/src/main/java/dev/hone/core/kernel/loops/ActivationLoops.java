package dev.hone.core.kernel.loops;

import dev.hone.core.Activation;

/** Activations over {@code n} neighbouring elements; results may be operands at the same place. */
public abstract class ActivationLoops {
  /** y = activation(x). */
  public abstract void forward(Activation activation, float[] x, int xi, float[] y, int yi, int n);

  /** dx (+)= dy · activation'(x). */
  public abstract void backward(Activation activation, float[] x, int xi, float[] dy, int dyi, boolean accumulate,
      float[] dx, int dxi, int n);

  /** y = activation(gate) · up. */
  public abstract void gated(Activation activation, float[] gate, int gi, float[] up, int ui, float[] y, int yi, int n);

  /** dGate = dy · up · activation'(gate), dUp = dy · activation(gate). */
  public abstract void gatedBackward(Activation activation, float[] gate, int gi, float[] up, int ui, float[] dy, int dyi,
      float[] dGate, int dgi, float[] dUp, int dui, int n);
}
