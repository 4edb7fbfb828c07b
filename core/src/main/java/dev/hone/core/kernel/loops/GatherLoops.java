package dev.hone.core.kernel.loops;

import dev.hone.core.DType;
import java.lang.foreign.MemorySegment;

/** Reading stored numbers, and storing them in half the memory. */
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

  /**
   * sums[si] and sums[sj] are what {@link #dot} gives for the elements from {@code first} and from {@code second} on. Both rows
   * are read at the same time where that is quicker.
   */
  public void twoDots(MemorySegment source, DType type, long first, long second, float[] x, int xi, int n, float[] sums, int si,
      int sj) {
    sums[si] = dot(source, type, first, x, xi, n);
    sums[sj] = dot(source, type, second, x, xi, n);
  }

  /** Rows that {@link #addRows} takes. */
  public static final int SUM_ROWS = 4;

  /**
   * y[j] += Σ_t weights[t] · rows[t][j] for {@link #SUM_ROWS} t in order and {@code n} j, as {@link MatMulLoops#addRows} does.
   *
   * @param stride distance of the weights
   * @param type F32 or BF16
   * @param element the first of the first row
   * @param ldr distance of the rows, in elements
   */
  public abstract void addRows(float[] weights, int wi, int stride, MemorySegment source, DType type, long element, int ldr,
      int n,
      float[] y, int yi);

  /**
   * Words of two BF16 numbers, that of {@code low} in the lower half and that of {@code high} in the upper: the nearest, of two
   * equally near ones the even. NaN stays NaN.
   */
  public abstract void narrow(float[] low, int li, float[] high, int hi, float[] words, int wi, int n);

  /** Both numbers of each word as floats. */
  public abstract void widen(float[] words, int wi, float[] low, int li, float[] high, int hi, int n);
}
