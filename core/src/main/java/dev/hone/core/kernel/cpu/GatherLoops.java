package dev.hone.core.kernel.cpu;

import dev.hone.core.DType;
import java.lang.foreign.MemorySegment;

/** Reading stored numbers. */
public abstract class GatherLoops {
  /**
   * y = scale · source as floats.
   *
   * @param source little-endian elements of {@code type}, not necessarily aligned
   * @param type a float type
   * @param element the first of them
   */
  public abstract void widen(MemorySegment source, DType type, long element, float scale, float[] y, int yi, int n);

  /**
   * Σ source[k] · x[k] over {@code n} elements from {@code element} on. The order is that of {@link MatMulLoops#dotsOfOne}, so
   * that how a number is stored changes no bit.
   *
   * @param type F32, BF16 or F16
   */
  public abstract float dot(MemorySegment source, DType type, long element, float[] x, int xi, int n);
}
