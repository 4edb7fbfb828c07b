package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static jdk.incubator.vector.FloatVector.broadcast;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Several rows as they are stored with one row of numbers; see {@link dev.hone.core.kernel.loops.GatherLoops}. Weighted sums take
 * four rows at a time: as many streams as the processor fetches ahead well, and a quarter of the passes over the sums. Dot
 * products take two: a row of 8192 and an x as long fill the first-level cache, and one row alone waits for x.
 */
final class StoredRows {
  private static final VectorSpecies<Integer> I32 = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> I16 =
      VectorSpecies.of(short.class, VectorShape.forBitSize(I32.vectorBitSize() / 2));

  private StoredRows() {}

  /** F32 from byte {@code at} on, in rows of {@code row} bytes; {@code n} is a multiple of the lanes. */
  static void addSingles(float[] weights, int wi, int stride, MemorySegment source, long at, long row, int n, float[] y, int yi) {
    FloatVector w0 = broadcast(F32, weights[wi]);
    FloatVector w1 = broadcast(F32, weights[wi + stride]);
    FloatVector w2 = broadcast(F32, weights[wi + 2 * stride]);
    FloatVector w3 = broadcast(F32, weights[wi + 3 * stride]);
    long r1 = at + row;
    long r2 = r1 + row;
    long r3 = r2 + row;
    for (int j = 0; j < n; j += LANES) {
      FloatVector sum = FloatVector.fromArray(F32, y, yi + j);
      sum = w0.fma(FloatVector.fromMemorySegment(F32, source, at + 4L * j, ByteOrder.LITTLE_ENDIAN), sum);
      sum = w1.fma(FloatVector.fromMemorySegment(F32, source, r1 + 4L * j, ByteOrder.LITTLE_ENDIAN), sum);
      sum = w2.fma(FloatVector.fromMemorySegment(F32, source, r2 + 4L * j, ByteOrder.LITTLE_ENDIAN), sum);
      sum = w3.fma(FloatVector.fromMemorySegment(F32, source, r3 + 4L * j, ByteOrder.LITTLE_ENDIAN), sum);
      sum.intoArray(y, yi + j);
    }
  }

  /** BF16, likewise. */
  static void addBrains(float[] weights, int wi, int stride, MemorySegment source, long at, long row, int n, float[] y, int yi) {
    FloatVector w0 = broadcast(F32, weights[wi]);
    FloatVector w1 = broadcast(F32, weights[wi + stride]);
    FloatVector w2 = broadcast(F32, weights[wi + 2 * stride]);
    FloatVector w3 = broadcast(F32, weights[wi + 3 * stride]);
    long r1 = at + row;
    long r2 = r1 + row;
    long r3 = r2 + row;
    for (int j = 0; j < n; j += LANES) {
      FloatVector sum = FloatVector.fromArray(F32, y, yi + j);
      sum = w0.fma(brains(source, at + 2L * j), sum);
      sum = w1.fma(brains(source, r1 + 2L * j), sum);
      sum = w2.fma(brains(source, r2 + 2L * j), sum);
      sum = w3.fma(brains(source, r3 + 2L * j), sum);
      sum.intoArray(y, yi + j);
    }
  }

  /** The products of two rows of BF16 with x; {@code n} is a multiple of twice the lanes. */
  static void twoBrains(MemorySegment source, long first, long second, float[] x, int xi, int n, float[] sums, int si, int sj) {
    FloatVector even0 = FloatVector.zero(F32);
    FloatVector odd0 = FloatVector.zero(F32);
    FloatVector even1 = FloatVector.zero(F32);
    FloatVector odd1 = FloatVector.zero(F32);
    for (int i = 0; i < n; i += 2 * LANES) {
      FloatVector left = FloatVector.fromArray(F32, x, xi + i);
      FloatVector right = FloatVector.fromArray(F32, x, xi + i + LANES);
      IntVector bits0 = (IntVector) ShortVector.fromMemorySegment(I16, source, first + 2L * i, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
      IntVector bits1 = (IntVector) ShortVector.fromMemorySegment(I16, source, second + 2L * i, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
      even0 = bits0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(left, even0);
      even1 = bits1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(left, even1);
      bits0 = (IntVector) ShortVector.fromMemorySegment(I16, source, first + 2L * (i + LANES), ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
      bits1 = (IntVector) ShortVector.fromMemorySegment(I16, source, second + 2L * (i + LANES), ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0);
      odd0 = bits0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(right, odd0);
      odd1 = bits1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(right, odd1);
    }
    sums[si] = DotKernels.sum(even0.add(odd0));
    sums[sj] = DotKernels.sum(even1.add(odd1));
  }

  private static FloatVector brains(MemorySegment source, long at) {
    return ((IntVector) ShortVector.fromMemorySegment(I16, source, at, ByteOrder.LITTLE_ENDIAN)
        .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }
}
