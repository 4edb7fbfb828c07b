package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;

import dev.hone.core.DType;
import dev.hone.core.kernel.loops.LaneLoops;
import java.lang.foreign.MemorySegment;

/**
 * Loops over interleaved weights on vectors: a group is four of them, so that as many sums hide the time of a multiply-add. Of
 * F32 it is two, the width of a tile, which so reads memory in one stream and not every other piece of it.
 *
 * <p>Implementation note. Each loop is a method of its own in {@link LaneDots}, {@link LaneCodes} or {@link LanePanels}: with
 * several types in one the compiler leaves some of it out of line, and vectors become objects.
 */
public final class VectorLaneLoops extends LaneLoops {
  static final int WIDTH = 4 * LANES;

  @Override
  public int width(DType type) {
    return type == DType.F32 ? LaneDots.WIDTH : WIDTH;
  }

  @Override
  public boolean reads(DType type) {
    return switch (type) {
      case F32, BF16 -> true;
      case Q8_0, INT8_ROWS, NF4 -> LANES == 8 || LANES == 16; // no conversion to shorter ones, no book for longer ones
      default -> false;
    };
  }

  @Override
  public void dot(float[] w, int wi, int depth, float[] x, int xi, float[] sums, int si) {
    LaneDots.singles(w, wi, depth, x, xi, sums, si);
  }

  @Override
  public void dot(MemorySegment codes, long at, int depth, float[] x, int xi, float[] sums, int si) {
    LaneDots.brains(codes, at, depth, x, xi, sums, si);
  }

  @Override
  public void dot(boolean inHalves, MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] x,
      int xi, float[] sums, int si) {
    if (!inHalves) {
      LaneCodes.bytes(codes, at, scales, scalesAt, depth, x, xi, sums, si);
    } else if (LANES == 16) {
      LaneCodes.book16(codes, at, scales, scalesAt, depth, x, xi, sums, si);
    } else { // two tables and a choice between them: more than two outputs at a time do not fit the registers
      LaneCodes.book8(codes, at, scales, scalesAt, depth, x, xi, sums, si);
      LaneCodes.book8(codes, at + 8L * LANES, scales, scalesAt + 8L * LANES, depth, x, xi, sums, si + 2 * LANES);
    }
  }

  @Override
  public void widen(MemorySegment codes, long at, int depth, float[] panel, int pi) {
    LanePanels.brains(codes, at, depth, panel, pi);
  }

  @Override
  public void widen(boolean inHalves, MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] panel,
      int pi) {
    if (!inHalves) {
      LanePanels.bytes(codes, at, scales, scalesAt, depth, panel, pi);
      return;
    }
    for (int j = 0; j < WIDTH; j += LANES) {
      if (LANES == 16) {
        LanePanels.book16(codes, at + 4L * j, scales, scalesAt + 4L * j, depth, panel, pi + j);
      } else {
        LanePanels.book8(codes, at + 4L * j, scales, scalesAt + 4L * j, depth, panel, pi + j);
      }
    }
  }

  @Override
  public int tileRows(DType type) {
    return type == DType.F32 ? 5 : 4;
  }

  @Override
  public void tile(DType type, int rows, int depth, float[] a, int ai, int lda, float[] panel, int pi, float[] c, int ci,
      int ldc) {
    int last = rows - 1; // beyond it the last row is taken again, and written again with the same sums
    int second = Math.min(1, last);
    int third = Math.min(2, last);
    if (type != DType.F32) {
      for (int j = 0; j < WIDTH; j += 2 * LANES) {
        LanePanels.fourRows(depth, a, ai, ai + second * lda, ai + third * lda, ai + last * lda, panel, pi + j, c, ci + j,
            ci + second * ldc + j, ci + third * ldc + j, ci + last * ldc + j);
      }
    } else if (rows < 5) {
      LanePanels.fourRowsOfFloats(depth, a, ai, ai + second * lda, ai + third * lda, ai + last * lda, panel, pi, c, ci,
          ci + second * ldc, ci + third * ldc, ci + last * ldc);
    } else {
      LanePanels.fiveRowsOfFloats(depth, a, ai, ai + lda, ai + 2 * lda, ai + 3 * lda, ai + 4 * lda, panel, pi, c, ci, ci + ldc,
          ci + 2 * ldc, ci + 3 * ldc, ci + 4 * ldc);
    }
  }
}
