package dev.hone.core.kernel.scalar;

import dev.hone.core.DType;
import dev.hone.core.kernel.loops.LaneLoops;
import dev.hone.core.quant.Nf4;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Loops over interleaved weights in plain Java. */
public final class ScalarLaneLoops extends LaneLoops {
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final float[] BOOK = Nf4.codeBook();
  private static final int WIDTH = 16;

  @Override
  public int width(DType type) {
    return WIDTH;
  }

  @Override
  public boolean reads(DType type) {
    return switch (type) {
      case F32, BF16, Q8_0, INT8_ROWS, NF4 -> true;
      default -> false;
    };
  }

  private static float pair(MemorySegment codes, long at, int k, int j) {
    int both = codes.get(I32, at + 4L * (k / 2 * WIDTH + j));
    return Float.intBitsToFloat(k % 2 == 0 ? both << 16 : both & 0xFFFF0000);
  }

  private static float coded(boolean inHalves, MemorySegment codes, long at, MemorySegment scales, long scalesAt, int k, int j) {
    float value = inHalves ? BOOK[codes.get(I32, at + 4L * (k / 8 * WIDTH + j)) >>> 4 * (k % 8) & 15]
        : codes.get(ValueLayout.JAVA_BYTE, at + (long) k * WIDTH + j);
    return value * scales.get(F32, scalesAt + 4L * j);
  }

  @Override
  public void dot(float[] w, int wi, int depth, float[] x, int xi, float[] sums, int si) {
    for (int k = 0; k < depth; k++) {
      for (int j = 0; j < WIDTH; j++) {
        sums[si + j] += w[wi + k * WIDTH + j] * x[xi + k];
      }
    }
  }

  @Override
  public void dot(MemorySegment codes, long at, int depth, float[] x, int xi, float[] sums, int si) {
    for (int k = 0; k < depth; k++) {
      for (int j = 0; j < WIDTH; j++) {
        sums[si + j] += pair(codes, at, k, j) * x[xi + k];
      }
    }
  }

  @Override
  public void dot(boolean inHalves, MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] x,
      int xi, float[] sums, int si) {
    for (int k = 0; k < depth; k++) {
      for (int j = 0; j < WIDTH; j++) {
        sums[si + j] += coded(inHalves, codes, at, scales, scalesAt, k, j) * x[xi + k];
      }
    }
  }

  @Override
  public void widen(MemorySegment codes, long at, int depth, float[] panel, int pi) {
    for (int k = 0; k < depth; k++) {
      for (int j = 0; j < WIDTH; j++) {
        panel[pi + k * WIDTH + j] = pair(codes, at, k, j);
      }
    }
  }

  @Override
  public void widen(boolean inHalves, MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] panel,
      int pi) {
    for (int k = 0; k < depth; k++) {
      for (int j = 0; j < WIDTH; j++) {
        panel[pi + k * WIDTH + j] = coded(inHalves, codes, at, scales, scalesAt, k, j);
      }
    }
  }

  @Override
  public int tileRows(DType type) {
    return 4;
  }

  @Override
  public void tile(DType type, int rows, int depth, float[] a, int ai, int lda, float[] panel, int pi, float[] c, int ci,
      int ldc) {
    for (int r = 0; r < rows; r++) {
      dot(panel, pi, depth, a, ai + r * lda, c, ci + r * ldc);
    }
  }
}
