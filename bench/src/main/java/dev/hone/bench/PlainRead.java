package dev.hone.bench;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Reads memory as fast as one thread can. */
final class PlainRead {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

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
}
