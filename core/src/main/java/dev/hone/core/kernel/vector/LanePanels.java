package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** A group of interleaved numbers widened to a panel, and few rows with such a panel; see {@link LaneDots}. */
final class LanePanels {
  private static final VectorSpecies<Integer> I32 = IntVector.SPECIES_PREFERRED;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final int WIDTH = 4 * LANES;

  private LanePanels() {}

  static void brains(MemorySegment codes, long at, int depth, float[] panel, int pi) {
    for (int k = 0; k < depth; k += 2) {
      long from = at + (long) k * (2 * WIDTH);
      int even = pi + k * WIDTH;
      int odd = even + WIDTH;
      IntVector both0 = IntVector.fromMemorySegment(I32, codes, from, LITTLE);
      IntVector both1 = IntVector.fromMemorySegment(I32, codes, from + 4L * LANES, LITTLE);
      IntVector both2 = IntVector.fromMemorySegment(I32, codes, from + 8L * LANES, LITTLE);
      IntVector both3 = IntVector.fromMemorySegment(I32, codes, from + 12L * LANES, LITTLE);
      both0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panel, even);
      both1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panel, even + LANES);
      both2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panel, even + 2 * LANES);
      both3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panel, even + 3 * LANES);
      both0.and(0xFFFF0000).reinterpretAsFloats().intoArray(panel, odd);
      both1.and(0xFFFF0000).reinterpretAsFloats().intoArray(panel, odd + LANES);
      both2.and(0xFFFF0000).reinterpretAsFloats().intoArray(panel, odd + 2 * LANES);
      both3.and(0xFFFF0000).reinterpretAsFloats().intoArray(panel, odd + 3 * LANES);
    }
  }

  static void bytes(MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] panel, int pi) {
    FloatVector scale0 = FloatVector.fromMemorySegment(F32, scales, scalesAt, LITTLE);
    FloatVector scale1 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 4L * LANES, LITTLE);
    FloatVector scale2 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 8L * LANES, LITTLE);
    FloatVector scale3 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 12L * LANES, LITTLE);
    for (int k = 0; k < depth; k++) {
      long from = at + (long) k * WIDTH;
      int to = pi + k * WIDTH;
      ((FloatVector) ByteVector.fromMemorySegment(LaneCodes.I8, codes, from, LITTLE)
          .convertShape(VectorOperators.B2F, F32, 0)).mul(scale0).intoArray(panel, to);
      ((FloatVector) ByteVector.fromMemorySegment(LaneCodes.I8, codes, from + LANES, LITTLE)
          .convertShape(VectorOperators.B2F, F32, 0)).mul(scale1).intoArray(panel, to + LANES);
      ((FloatVector) ByteVector.fromMemorySegment(LaneCodes.I8, codes, from + 2 * LANES, LITTLE)
          .convertShape(VectorOperators.B2F, F32, 0)).mul(scale2).intoArray(panel, to + 2 * LANES);
      ((FloatVector) ByteVector.fromMemorySegment(LaneCodes.I8, codes, from + 3 * LANES, LITTLE)
          .convertShape(VectorOperators.B2F, F32, 0)).mul(scale3).intoArray(panel, to + 3 * LANES);
    }
  }

  static void book16(MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] panel, int pi) {
    FloatVector scale = FloatVector.fromMemorySegment(F32, scales, scalesAt, LITTLE);
    for (int k = 0; k < depth; k++) {
      IntVector code = IntVector.fromMemorySegment(I32, codes, at + (long) (k >> 3) * (4 * WIDTH), LITTLE)
          .lanewise(VectorOperators.LSHR, (k & 7) << 2);
      code.selectFrom(LaneCodes.LOW).reinterpretAsFloats().mul(scale).intoArray(panel, pi + k * WIDTH);
    }
  }

  static void book8(MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] panel, int pi) {
    FloatVector scale = FloatVector.fromMemorySegment(F32, scales, scalesAt, LITTLE);
    for (int k = 0; k < depth; k++) {
      IntVector code = IntVector.fromMemorySegment(I32, codes, at + (long) (k >> 3) * (4 * WIDTH), LITTLE)
          .lanewise(VectorOperators.LSHR, (k & 7) << 2);
      code.selectFrom(LaneCodes.LOW)
          .blend(code.selectFrom(LaneCodes.HIGH), code.lanewise(VectorOperators.LSHL, 28).compare(VectorOperators.LT, 0))
          .reinterpretAsFloats().mul(scale).intoArray(panel, pi + k * WIDTH);
    }
  }

  /** Eight sums: as many as hide the time of a multiply-add, and they fit 16 registers. */
  static void fourRows(int depth, float[] a, int a0, int a1, int a2, int a3, float[] panel, int pi, float[] c, int c0, int c1,
      int c2, int c3) {
    FloatVector left0 = FloatVector.fromArray(F32, c, c0);
    FloatVector right0 = FloatVector.fromArray(F32, c, c0 + LANES);
    FloatVector left1 = FloatVector.fromArray(F32, c, c1);
    FloatVector right1 = FloatVector.fromArray(F32, c, c1 + LANES);
    FloatVector left2 = FloatVector.fromArray(F32, c, c2);
    FloatVector right2 = FloatVector.fromArray(F32, c, c2 + LANES);
    FloatVector left3 = FloatVector.fromArray(F32, c, c3);
    FloatVector right3 = FloatVector.fromArray(F32, c, c3 + LANES);
    for (int k = 0; k < depth; k++) {
      FloatVector left = FloatVector.fromArray(F32, panel, pi + k * WIDTH);
      FloatVector right = FloatVector.fromArray(F32, panel, pi + k * WIDTH + LANES);
      FloatVector factor0 = FloatVector.broadcast(F32, a[a0 + k]);
      left0 = factor0.fma(left, left0);
      right0 = factor0.fma(right, right0);
      FloatVector factor1 = FloatVector.broadcast(F32, a[a1 + k]);
      left1 = factor1.fma(left, left1);
      right1 = factor1.fma(right, right1);
      FloatVector factor2 = FloatVector.broadcast(F32, a[a2 + k]);
      left2 = factor2.fma(left, left2);
      right2 = factor2.fma(right, right2);
      FloatVector factor3 = FloatVector.broadcast(F32, a[a3 + k]);
      left3 = factor3.fma(left, left3);
      right3 = factor3.fma(right, right3);
    }
    left0.intoArray(c, c0);
    right0.intoArray(c, c0 + LANES);
    left1.intoArray(c, c1);
    right1.intoArray(c, c1 + LANES);
    left2.intoArray(c, c2);
    right2.intoArray(c, c2 + LANES);
    left3.intoArray(c, c3);
    right3.intoArray(c, c3 + LANES);
  }

  /** {@link #fourRows} with a group of floats: a distance that is not a constant costs a tenth. */
  static void fourRowsOfFloats(int depth, float[] a, int a0, int a1, int a2, int a3, float[] panel, int pi, float[] c, int c0,
      int c1, int c2, int c3) {
    FloatVector left0 = FloatVector.fromArray(F32, c, c0);
    FloatVector right0 = FloatVector.fromArray(F32, c, c0 + LANES);
    FloatVector left1 = FloatVector.fromArray(F32, c, c1);
    FloatVector right1 = FloatVector.fromArray(F32, c, c1 + LANES);
    FloatVector left2 = FloatVector.fromArray(F32, c, c2);
    FloatVector right2 = FloatVector.fromArray(F32, c, c2 + LANES);
    FloatVector left3 = FloatVector.fromArray(F32, c, c3);
    FloatVector right3 = FloatVector.fromArray(F32, c, c3 + LANES);
    for (int k = 0; k < depth; k++) {
      FloatVector left = FloatVector.fromArray(F32, panel, pi + k * LaneDots.WIDTH);
      FloatVector right = FloatVector.fromArray(F32, panel, pi + k * LaneDots.WIDTH + LANES);
      FloatVector factor0 = FloatVector.broadcast(F32, a[a0 + k]);
      left0 = factor0.fma(left, left0);
      right0 = factor0.fma(right, right0);
      FloatVector factor1 = FloatVector.broadcast(F32, a[a1 + k]);
      left1 = factor1.fma(left, left1);
      right1 = factor1.fma(right, right1);
      FloatVector factor2 = FloatVector.broadcast(F32, a[a2 + k]);
      left2 = factor2.fma(left, left2);
      right2 = factor2.fma(right, right2);
      FloatVector factor3 = FloatVector.broadcast(F32, a[a3 + k]);
      left3 = factor3.fma(left, left3);
      right3 = factor3.fma(right, right3);
    }
    left0.intoArray(c, c0);
    right0.intoArray(c, c0 + LANES);
    left1.intoArray(c, c1);
    right1.intoArray(c, c1 + LANES);
    left2.intoArray(c, c2);
    right2.intoArray(c, c2 + LANES);
    left3.intoArray(c, c3);
    right3.intoArray(c, c3 + LANES);
  }

  /** Ten sums: a quarter more work in a tenth more time. */
  static void fiveRowsOfFloats(int depth, float[] a, int a0, int a1, int a2, int a3, int a4, float[] panel, int pi, float[] c,
      int c0, int c1, int c2, int c3, int c4) {
    FloatVector left0 = FloatVector.fromArray(F32, c, c0);
    FloatVector right0 = FloatVector.fromArray(F32, c, c0 + LANES);
    FloatVector left1 = FloatVector.fromArray(F32, c, c1);
    FloatVector right1 = FloatVector.fromArray(F32, c, c1 + LANES);
    FloatVector left2 = FloatVector.fromArray(F32, c, c2);
    FloatVector right2 = FloatVector.fromArray(F32, c, c2 + LANES);
    FloatVector left3 = FloatVector.fromArray(F32, c, c3);
    FloatVector right3 = FloatVector.fromArray(F32, c, c3 + LANES);
    FloatVector left4 = FloatVector.fromArray(F32, c, c4);
    FloatVector right4 = FloatVector.fromArray(F32, c, c4 + LANES);
    for (int k = 0; k < depth; k++) {
      FloatVector left = FloatVector.fromArray(F32, panel, pi + k * LaneDots.WIDTH);
      FloatVector right = FloatVector.fromArray(F32, panel, pi + k * LaneDots.WIDTH + LANES);
      FloatVector factor0 = FloatVector.broadcast(F32, a[a0 + k]);
      left0 = factor0.fma(left, left0);
      right0 = factor0.fma(right, right0);
      FloatVector factor1 = FloatVector.broadcast(F32, a[a1 + k]);
      left1 = factor1.fma(left, left1);
      right1 = factor1.fma(right, right1);
      FloatVector factor2 = FloatVector.broadcast(F32, a[a2 + k]);
      left2 = factor2.fma(left, left2);
      right2 = factor2.fma(right, right2);
      FloatVector factor3 = FloatVector.broadcast(F32, a[a3 + k]);
      left3 = factor3.fma(left, left3);
      right3 = factor3.fma(right, right3);
      FloatVector factor4 = FloatVector.broadcast(F32, a[a4 + k]);
      left4 = factor4.fma(left, left4);
      right4 = factor4.fma(right, right4);
    }
    left0.intoArray(c, c0);
    right0.intoArray(c, c0 + LANES);
    left1.intoArray(c, c1);
    right1.intoArray(c, c1 + LANES);
    left2.intoArray(c, c2);
    right2.intoArray(c, c2 + LANES);
    left3.intoArray(c, c3);
    right3.intoArray(c, c3 + LANES);
    left4.intoArray(c, c4);
    right4.intoArray(c, c4 + LANES);
  }
}
