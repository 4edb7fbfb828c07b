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
}
