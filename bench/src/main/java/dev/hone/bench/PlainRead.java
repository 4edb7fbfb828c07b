package dev.hone.bench;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Reads memory as fast as one thread can. */
final class PlainRead {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;

  private PlainRead() {}

  /** The sum of the elements {@code from} to {@code to}, a multiple of four vectors. */
  static float sum(float[] data, int from, int to) {
    int lanes = SPECIES.length();
    FloatVector a = FloatVector.zero(SPECIES);
    FloatVector b = FloatVector.zero(SPECIES);
    FloatVector c = FloatVector.zero(SPECIES);
    FloatVector d = FloatVector.zero(SPECIES);
    for (int i = from; i < to; i += 4 * lanes) {
      a = a.add(FloatVector.fromArray(SPECIES, data, i));
      b = b.add(FloatVector.fromArray(SPECIES, data, i + lanes));
      c = c.add(FloatVector.fromArray(SPECIES, data, i + 2 * lanes));
      d = d.add(FloatVector.fromArray(SPECIES, data, i + 3 * lanes));
    }
    return a.add(b).add(c).add(d).reduceLanes(VectorOperators.ADD);
  }

  /** The sum of the ints in the bytes {@code from} to {@code to}, a multiple of four vectors. */
  static int sum(MemorySegment data, long from, long to) {
    int step = INTS.vectorByteSize();
    IntVector a = IntVector.zero(INTS);
    IntVector b = IntVector.zero(INTS);
    IntVector c = IntVector.zero(INTS);
    IntVector d = IntVector.zero(INTS);
    for (long i = from; i < to; i += 4L * step) {
      a = a.add(IntVector.fromMemorySegment(INTS, data, i, ByteOrder.LITTLE_ENDIAN));
      b = b.add(IntVector.fromMemorySegment(INTS, data, i + step, ByteOrder.LITTLE_ENDIAN));
      c = c.add(IntVector.fromMemorySegment(INTS, data, i + 2L * step, ByteOrder.LITTLE_ENDIAN));
      d = d.add(IntVector.fromMemorySegment(INTS, data, i + 3L * step, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).add(c).add(d).reduceLanes(VectorOperators.ADD);
  }
}
