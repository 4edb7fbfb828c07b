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
 * Weighted sums of rows as they are stored, for one row of results; see {@link dev.hone.core.kernel.cpu.GatherLoops}. Four rows
 * at a time are as many streams as the processor fetches ahead well, and a quarter of the passes over the sums.
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

  private static FloatVector brains(MemorySegment source, long at) {
    return ((IntVector) ShortVector.fromMemorySegment(I16, source, at, ByteOrder.LITTLE_ENDIAN)
        .convertShape(VectorOperators.ZERO_EXTEND_S2I, I32, 0)).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }
}
