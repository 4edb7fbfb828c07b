package dev.hone.core.kernel.scalar;

import dev.hone.core.DType;
import dev.hone.core.kernel.loops.GatherLoops;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reading stored numbers in plain Java. */
public final class ScalarGatherLoops extends GatherLoops {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Element {@code index} as a float. */
  public static float value(MemorySegment source, DType type, long index) {
    return switch (type) {
      case F32 -> source.get(F32, index * 4);
      case BF16 -> Float.intBitsToFloat(source.get(I16, index * 2) << 16);
      case F16 -> Float.float16ToFloat(source.get(I16, index * 2));
      case F64 -> (float) source.get(F64, index * 8);
      default -> throw new IllegalArgumentException("widen: " + type + " is not a float type");
    };
  }

  @Override
  public void widen(MemorySegment source, DType type, long element, float scale, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] = scale * value(source, type, element + i);
    }
  }

  @Override
  public float dot(MemorySegment source, DType type, long element, float[] x, int xi, int n) {
    return dot(0, source, type, element, x, xi, n);
  }

  /** sum + Σ source[k] · x[k], in order. */
  public static float dot(float sum, MemorySegment source, DType type, long element, float[] x, int xi, int n) {
    for (int i = 0; i < n; i++) {
      sum = Math.fma(value(source, type, element + i), x[xi + i], sum);
    }
    return sum;
  }

  @Override
  public void addRows(float[] weights, int wi, int stride, MemorySegment source, DType type, long element, int ldr, int n,
      float[] y, int yi) {
    for (int t = 0; t < SUM_ROWS; t++) {
      addRow(weights[wi + t * stride], source, type, element + (long) t * ldr, n, y, yi);
    }
  }

  private static void addRow(float weight, MemorySegment source, DType type, long element, int n, float[] y, int yi) {
    for (int j = 0; j < n; j++) {
      y[yi + j] += weight * value(source, type, element + j);
    }
  }

  /** The bits of the nearest BF16 number, of two equally near ones the even, as the upper half of a float; NaN stays NaN. */
  public static int brainBits(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = Float.isNaN(value) ? bits | 0x400000 : bits + 0x7FFF + (bits >>> 16 & 1); // the carry could make a NaN infinite
    return rounded & 0xFFFF0000;
  }

  @Override
  public void narrow(float[] low, int li, float[] high, int hi, float[] words, int wi, int n) {
    for (int i = 0; i < n; i++) {
      words[wi + i] = Float.intBitsToFloat(brainBits(low[li + i]) >>> 16 | brainBits(high[hi + i]));
    }
  }

  @Override
  public void widen(float[] words, int wi, float[] low, int li, float[] high, int hi, int n) {
    for (int i = 0; i < n; i++) {
      int word = Float.floatToRawIntBits(words[wi + i]);
      low[li + i] = Float.intBitsToFloat(word << 16);
      high[hi + i] = Float.intBitsToFloat(word & 0xFFFF0000);
    }
  }
}
