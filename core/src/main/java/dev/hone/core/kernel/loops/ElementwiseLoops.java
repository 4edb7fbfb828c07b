package dev.hone.core.kernel.loops;

import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.random.Philox;

/**
 * Loops over {@code n} neighbouring elements. An index beside an array is where its first element lies; a result may be one
 * of the operands at the same place.
 */
public abstract class ElementwiseLoops {
  /** y = f(x). */
  public abstract void unary(Unary function, float p, float q, float[] x, int xi, float[] y, int yi, int n);

  /** dx (+)= dy · f'(x). */
  public abstract void unaryBackward(Unary function, float p, float q, float[] x, int xi, float[] dy, int dyi,
      boolean accumulate, float[] dx, int dxi, int n);

  /** y = a ∘ b. */
  public abstract void binary(Binary function, float[] a, int ai, float[] b, int bi, float[] y, int yi, int n);

  /** y = a ∘ b with one number b. */
  public abstract void binaryScalarRight(Binary function, float[] a, int ai, float b, float[] y, int yi, int n);

  /** y = a ∘ b with one number a. */
  public abstract void binaryScalarLeft(Binary function, float a, float[] b, int bi, float[] y, int yi, int n);

  /** y += scale · x. */
  public abstract void addScaled(float scale, float[] x, int xi, float[] y, int yi, int n);

  /** y = mask ? a : b. */
  public abstract void where(boolean[] mask, int mi, float[] a, int ai, float[] b, int bi, float[] y, int yi, int n);

  /**
   * y (+)= scale · x where the random number of the element is at least {@code p}, else 0.
   *
   * @param first number of the first element in the stream, a multiple of 4
   */
  public abstract void dropout(float p, float scale, Philox random, long first, float[] x, int xi, boolean accumulate,
      float[] y, int yi, int n);
}
