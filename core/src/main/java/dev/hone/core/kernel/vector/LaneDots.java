package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** One row with a group of interleaved floats or upper halves of them; see {@link dev.hone.core.kernel.loops.LaneLoops}. */
final class LaneDots {
  /** Outputs of a group of floats. */
  static final int WIDTH = 2 * LANES;

  private static final VectorSpecies<Integer> I32 = IntVector.SPECIES_PREFERRED;
  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final int UPPER = 0xFFFF0000;

  private LaneDots() {}

  static void singles(float[] w, int wi, int depth, float[] x, int xi, float[] sums, int si) {
    FloatVector left = FloatVector.fromArray(F32, sums, si);
    FloatVector right = FloatVector.fromArray(F32, sums, si + LANES);
    for (int k = 0; k < depth; k++) {
      int at = wi + k * WIDTH;
      FloatVector factor = FloatVector.broadcast(F32, x[xi + k]);
      left = FloatVector.fromArray(F32, w, at).fma(factor, left);
      right = FloatVector.fromArray(F32, w, at + LANES).fma(factor, right);
    }
    left.intoArray(sums, si);
    right.intoArray(sums, si + LANES);
  }

  /** BF16 is the upper half of a float: an even k shifted there, an odd one where it lies. */
  static void brains(MemorySegment codes, long at, int depth, float[] x, int xi, float[] sums, int si) {
    FloatVector sum0 = FloatVector.fromArray(F32, sums, si);
    FloatVector sum1 = FloatVector.fromArray(F32, sums, si + LANES);
    FloatVector sum2 = FloatVector.fromArray(F32, sums, si + 2 * LANES);
    FloatVector sum3 = FloatVector.fromArray(F32, sums, si + 3 * LANES);
    for (int k = 0; k < depth; k += 2) {
      long pairs = at + (long) k * (8 * LANES);
      FloatVector even = FloatVector.broadcast(F32, x[xi + k]);
      FloatVector odd = FloatVector.broadcast(F32, x[xi + k + 1]);
      IntVector both0 = IntVector.fromMemorySegment(I32, codes, pairs, LITTLE);
      IntVector both1 = IntVector.fromMemorySegment(I32, codes, pairs + 4L * LANES, LITTLE);
      IntVector both2 = IntVector.fromMemorySegment(I32, codes, pairs + 8L * LANES, LITTLE);
      IntVector both3 = IntVector.fromMemorySegment(I32, codes, pairs + 12L * LANES, LITTLE);
      sum0 = both0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, sum0);
      sum1 = both1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, sum1);
      sum2 = both2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, sum2);
      sum3 = both3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, sum3);
      sum0 = both0.and(UPPER).reinterpretAsFloats().fma(odd, sum0);
      sum1 = both1.and(UPPER).reinterpretAsFloats().fma(odd, sum1);
      sum2 = both2.and(UPPER).reinterpretAsFloats().fma(odd, sum2);
      sum3 = both3.and(UPPER).reinterpretAsFloats().fma(odd, sum3);
    }
    sum0.intoArray(sums, si);
    sum1.intoArray(sums, si + LANES);
    sum2.intoArray(sums, si + 2 * LANES);
    sum3.intoArray(sums, si + 3 * LANES);
  }
}
