package dev.hone.core.kernel.loops;

import dev.hone.core.parallel.Scratch;
import dev.hone.core.quant.GgmlBlocks;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.MemorySegment;

/**
 * Reading quantised numbers.
 *
 * <p>Implementation note. The scales that a call needs are decoded to an array first, so that there is one loop over bytes and
 * one over halves of bytes for widening, and one each for dot products, whatever the scales are stored as. A loop takes the
 * scale of element i from {@code scales[(phase + i) >>> shift]}, so blocks are powers of two, or the only one of a call.
 */
public abstract class QuantLoops {
  private static final int SCALES = 12;
  private static final int ONE_BLOCK = 31; // a shift that leaves 0

  /** y = elements {@code element} to {@code element + n}. */
  public final void widen(Quantized source, long element, float[] y, int yi, int n) {
    if (source instanceof GgmlBlocks) { // scales lie among the codes
      source.read(element, n, y, yi);
      return;
    }
    int block = source.block();
    int done = 0;
    while (done < n) {
      long from = element + done;
      int shift = shift(block);
      int phase = shift == ONE_BLOCK ? 0 : (int) (from % block);
      int count = shift == ONE_BLOCK ? (int) Math.min(n - done, block - from % block) : n - done;
      float[] scales = scales(source, from, phase, count, shift);
      if (source.inHalves()) {
        halves(source.codes(), from, scales, phase, shift, y, yi + done, count);
      } else {
        bytes(source.codes(), from, scales, phase, shift, y, yi + done, count);
      }
      done += count;
    }
  }

  /** Σ element[k] · x[k] over {@code n} elements for which {@link #inStep} holds, in the order of {@link GatherLoops#dot}. */
  public final float dot(Quantized source, long element, float[] x, int xi, int n) {
    int shift = shift(source.block());
    int phase = shift == ONE_BLOCK ? 0 : (int) (element % source.block());
    float[] scales = scales(source, element, phase, n, shift);
    return source.inHalves() ? dotHalves(source.codes(), element, scales, phase, shift, x, xi, n)
        : dotBytes(source.codes(), element, scales, phase, shift, x, xi, n);
  }

  /** Whether {@link #dot} can start at an element: no step of its loop may meet two blocks. */
  public final boolean inStep(Quantized source, long element, int n) {
    int block = source.block();
    boolean apart = !(source instanceof GgmlBlocks); // scales from codes
    return lanes() > 0 && apart
        && (shift(block) == ONE_BLOCK ? element % block + n <= block : element % block % lanes() == 0);
  }

  private static int shift(int block) {
    return block == 32 || block == 64 ? Integer.numberOfTrailingZeros(block) : ONE_BLOCK;
  }

  private static float[] scales(Quantized source, long element, int phase, int n, int shift) {
    int count = (phase + n - 1 >>> shift) + 1;
    float[] scales = Scratch.floats(SCALES, count);
    source.scales(element / source.block(), count, scales, 0);
    return scales;
  }

  /** Elements of a step of the dot products, a divisor of 32; 0 if there are none. */
  public abstract int lanes();

  /** y = code · scale of signed bytes. */
  public abstract void bytes(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] y, int yi,
      int n);

  /** y = value(code) · scale of halves of bytes. */
  public abstract void halves(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] y, int yi,
      int n);

  /** Σ code · scale · x of signed bytes. */
  public abstract float dotBytes(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] x, int xi,
      int n);

  /** Σ value(code) · scale · x of halves of bytes. */
  public abstract float dotHalves(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] x, int xi,
      int n);
}
