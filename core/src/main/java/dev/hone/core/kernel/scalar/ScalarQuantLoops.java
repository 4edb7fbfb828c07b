package dev.hone.core.kernel.scalar;

import dev.hone.core.kernel.loops.QuantLoops;
import dev.hone.core.quant.Quantized;
import java.lang.foreign.MemorySegment;

/** Reading quantised numbers in plain Java. */
public final class ScalarQuantLoops extends QuantLoops {
  @Override
  public int lanes() {
    return 1;
  }

  @Override
  public void bytes(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = Quantized.value(codes, element + i, false) * scales[phase + i >>> shift];
    }
  }

  @Override
  public void halves(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = Quantized.value(codes, element + i, true) * scales[phase + i >>> shift];
    }
  }

  @Override
  public float dotBytes(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] x, int xi, int n) {
    return dot(0, codes, false, element, scales, phase, shift, x, xi, n);
  }

  @Override
  public float dotHalves(MemorySegment codes, long element, float[] scales, int phase, int shift, float[] x, int xi, int n) {
    return dot(0, codes, true, element, scales, phase, shift, x, xi, n);
  }

  /** sum + Σ element[k] · x[k], in order. */
  public static float dot(float sum, MemorySegment codes, boolean inHalves, long element, float[] scales, int phase, int shift,
      float[] x, int xi, int n) {
    for (int i = 0; i < n; i++) {
      float value = Quantized.value(codes, element + i, inHalves) * scales[phase + i >>> shift];
      sum = Math.fma(value, x[xi + i], sum);
    }
    return sum;
  }
}
