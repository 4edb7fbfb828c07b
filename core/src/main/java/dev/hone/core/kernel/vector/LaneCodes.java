package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;

import dev.hone.core.quant.Nf4;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row with a block of a group of interleaved codes; see {@link dev.hone.core.kernel.loops.LaneLoops}. A code is scaled before
 * it is multiplied, though a product of the block's sum would take an operation less: so it has the bits of the widened weight.
 */
final class LaneCodes {
  static final VectorSpecies<Integer> I32 = IntVector.SPECIES_PREFERRED;
  static final VectorSpecies<Byte> I8 =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, Math.min(128, LANES * 8))));
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  /** The bits of the values of NF4's codes 0 to 7 or 15. */
  static final IntVector LOW = book(0);
  /** Those of codes 8 to 15, where a vector has 8 lanes. */
  static final IntVector HIGH = book(8);

  private LaneCodes() {}

  private static IntVector book(int first) {
    float[] values = Nf4.codeBook();
    int[] bits = new int[LANES];
    for (int i = 0; i < LANES; i++) {
      bits[i] = Float.floatToRawIntBits(values[(first + i) % values.length]);
    }
    return IntVector.fromArray(I32, bits, 0);
  }

  static void bytes(MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] x, int xi, float[] sums,
      int si) {
    FloatVector sum0 = FloatVector.fromArray(F32, sums, si);
    FloatVector sum1 = FloatVector.fromArray(F32, sums, si + LANES);
    FloatVector sum2 = FloatVector.fromArray(F32, sums, si + 2 * LANES);
    FloatVector sum3 = FloatVector.fromArray(F32, sums, si + 3 * LANES);
    FloatVector scale0 = FloatVector.fromMemorySegment(F32, scales, scalesAt, LITTLE);
    FloatVector scale1 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 4L * LANES, LITTLE);
    FloatVector scale2 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 8L * LANES, LITTLE);
    FloatVector scale3 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 12L * LANES, LITTLE);
    for (int k = 0; k < depth; k++) {
      long from = at + (long) k * (4 * LANES);
      FloatVector factor = FloatVector.broadcast(F32, x[xi + k]);
      sum0 = ((FloatVector) ByteVector.fromMemorySegment(I8, codes, from, LITTLE)
          .convertShape(VectorOperators.B2F, F32, 0)).mul(scale0).fma(factor, sum0);
      sum1 = ((FloatVector) ByteVector.fromMemorySegment(I8, codes, from + LANES, LITTLE)
          .convertShape(VectorOperators.B2F, F32, 0)).mul(scale1).fma(factor, sum1);
      sum2 = ((FloatVector) ByteVector.fromMemorySegment(I8, codes, from + 2 * LANES, LITTLE)
          .convertShape(VectorOperators.B2F, F32, 0)).mul(scale2).fma(factor, sum2);
      sum3 = ((FloatVector) ByteVector.fromMemorySegment(I8, codes, from + 3 * LANES, LITTLE)
          .convertShape(VectorOperators.B2F, F32, 0)).mul(scale3).fma(factor, sum3);
    }
    sum0.intoArray(sums, si);
    sum1.intoArray(sums, si + LANES);
    sum2.intoArray(sums, si + 2 * LANES);
    sum3.intoArray(sums, si + 3 * LANES);
  }

  /** NF4 where a vector holds the book. The choice of a lane wraps around: the higher bits of a code's int do not matter. */
  static void book16(MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] x, int xi,
      float[] sums, int si) {
    FloatVector sum0 = FloatVector.fromArray(F32, sums, si);
    FloatVector sum1 = FloatVector.fromArray(F32, sums, si + LANES);
    FloatVector sum2 = FloatVector.fromArray(F32, sums, si + 2 * LANES);
    FloatVector sum3 = FloatVector.fromArray(F32, sums, si + 3 * LANES);
    FloatVector scale0 = FloatVector.fromMemorySegment(F32, scales, scalesAt, LITTLE);
    FloatVector scale1 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 4L * LANES, LITTLE);
    FloatVector scale2 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 8L * LANES, LITTLE);
    FloatVector scale3 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 12L * LANES, LITTLE);
    for (int k = 0; k < depth; k++) {
      long from = at + (long) (k >> 3) * (16 * LANES);
      int shift = (k & 7) << 2;
      FloatVector factor = FloatVector.broadcast(F32, x[xi + k]);
      sum0 = IntVector.fromMemorySegment(I32, codes, from, LITTLE).lanewise(VectorOperators.LSHR, shift)
          .selectFrom(LOW).reinterpretAsFloats().mul(scale0).fma(factor, sum0);
      sum1 = IntVector.fromMemorySegment(I32, codes, from + 4L * LANES, LITTLE).lanewise(VectorOperators.LSHR, shift)
          .selectFrom(LOW).reinterpretAsFloats().mul(scale1).fma(factor, sum1);
      sum2 = IntVector.fromMemorySegment(I32, codes, from + 8L * LANES, LITTLE).lanewise(VectorOperators.LSHR, shift)
          .selectFrom(LOW).reinterpretAsFloats().mul(scale2).fma(factor, sum2);
      sum3 = IntVector.fromMemorySegment(I32, codes, from + 12L * LANES, LITTLE).lanewise(VectorOperators.LSHR, shift)
          .selectFrom(LOW).reinterpretAsFloats().mul(scale3).fma(factor, sum3);
    }
    sum0.intoArray(sums, si);
    sum1.intoArray(sums, si + LANES);
    sum2.intoArray(sums, si + 2 * LANES);
    sum3.intoArray(sums, si + 3 * LANES);
  }

  /** NF4 where two vectors hold the book; two vectors of the group. */
  static void book8(MemorySegment codes, long at, MemorySegment scales, long scalesAt, int depth, float[] x, int xi, float[] sums,
      int si) {
    FloatVector sum0 = FloatVector.fromArray(F32, sums, si);
    FloatVector sum1 = FloatVector.fromArray(F32, sums, si + LANES);
    FloatVector scale0 = FloatVector.fromMemorySegment(F32, scales, scalesAt, LITTLE);
    FloatVector scale1 = FloatVector.fromMemorySegment(F32, scales, scalesAt + 4L * LANES, LITTLE);
    for (int k = 0; k < depth; k++) {
      long from = at + (long) (k >> 3) * (16 * LANES);
      int shift = (k & 7) << 2;
      FloatVector factor = FloatVector.broadcast(F32, x[xi + k]);
      IntVector code0 = IntVector.fromMemorySegment(I32, codes, from, LITTLE).lanewise(VectorOperators.LSHR, shift);
      IntVector code1 = IntVector.fromMemorySegment(I32, codes, from + 4L * LANES, LITTLE).lanewise(VectorOperators.LSHR, shift);
      sum0 = code0.selectFrom(LOW)
          .blend(code0.selectFrom(HIGH), code0.lanewise(VectorOperators.LSHL, 28).compare(VectorOperators.LT, 0))
          .reinterpretAsFloats().mul(scale0).fma(factor, sum0);
      sum1 = code1.selectFrom(LOW)
          .blend(code1.selectFrom(HIGH), code1.lanewise(VectorOperators.LSHL, 28).compare(VectorOperators.LT, 0))
          .reinterpretAsFloats().mul(scale1).fma(factor, sum1);
    }
    sum0.intoArray(sums, si);
    sum1.intoArray(sums, si + LANES);
  }
}
