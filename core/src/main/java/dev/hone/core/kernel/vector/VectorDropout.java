package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static dev.hone.core.kernel.vector.VectorMath.load;

import dev.hone.core.random.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Philox 4x32-10 on vectors, the bits of {@link Philox#block}, and dropout by it. Each 64-bit lane computes one block: a
 * word lies in the lower half of its lane and the product of two words fills the lane, so that high and low half of the
 * product need no other instruction. Upper halves of words are left dirty where only the lower ones count.
 */
final class VectorDropout {
  private static final VectorSpecies<Long> I64 = LongVector.SPECIES_PREFERRED;
  private static final int BLOCKS = I64.length();

  /** Elements of one step: two vectors of floats. */
  static final int STEP = 4 * BLOCKS;

  private static final long LOW = 0xFFFFFFFFL;
  private static final long M0 = Philox.M0 & LOW;
  private static final long M1 = Philox.M1 & LOW;
  // Words 0 and 1 of all blocks, then words 2 and 3, become block after block.
  private static final VectorShuffle<Long> FIRST_HALF = VectorShuffle.fromOp(I64, lane -> lane / 2);
  private static final VectorShuffle<Long> SECOND_HALF = VectorShuffle.fromOp(I64, lane -> BLOCKS / 2 + lane / 2);
  private static final VectorMask<Long> ODD = VectorMask.fromLong(I64, 0xAAAAAAAAAAAAAAAAL);
  private static final LongVector COUNT = LongVector.zero(I64).addIndex(1);

  private VectorDropout() {}

  /** y (+)= scale · x where the upper 24 bits of the random word are at least {@code limit}, else 0. */
  static void vectors(int limit, float scale, Philox random, long first, float[] x, int xi, boolean accumulate, float[] y,
      int yi, int n) {
    long key0 = random.seed() & LOW;
    long key1 = random.seed() >>> 32;
    LongVector stream0 = LongVector.broadcast(I64, random.stream() & LOW);
    LongVector stream1 = LongVector.broadcast(I64, random.stream() >>> 32);
    for (int i = 0; i < n; i += STEP) {
      LongVector c0 = COUNT.add((first + i) >>> 2);
      LongVector c1 = c0.lanewise(VectorOperators.LSHR, 32);
      LongVector c2 = stream0;
      LongVector c3 = stream1;
      long k0 = key0;
      long k1 = key1;
      for (int round = 0; round < Philox.ROUNDS; round++) {
        LongVector p0 = c0.and(LOW).mul(M0);
        LongVector p1 = c2.and(LOW).mul(M1);
        c0 = p1.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, c1).lanewise(VectorOperators.XOR, k0);
        c2 = p0.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, c3).lanewise(VectorOperators.XOR, k1);
        c1 = p1;
        c3 = p0;
        k0 += Philox.W0;
        k1 += Philox.W1;
      }
      LongVector low = c0.and(LOW).or(c1.lanewise(VectorOperators.LSHL, 32));
      LongVector high = c2.and(LOW).or(c3.lanewise(VectorOperators.LSHL, 32));
      LongVector front = low.rearrange(FIRST_HALF).blend(high.rearrange(FIRST_HALF), ODD);
      LongVector back = low.rearrange(SECOND_HALF).blend(high.rearrange(SECOND_HALF), ODD);
      drop(front.reinterpretAsInts(), limit, scale, x, xi + i, accumulate, y, yi + i);
      drop(back.reinterpretAsInts(), limit, scale, x, xi + i + LANES, accumulate, y, yi + i + LANES);
    }
  }

  private static void drop(IntVector words, int limit, float scale, float[] x, int xi, boolean accumulate, float[] y, int yi) {
    VectorMask<Float> kept = words.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.GE, limit).cast(VectorMath.F32);
    FloatVector value = FloatVector.zero(VectorMath.F32).blend(load(x, xi).mul(scale), kept);
    if (accumulate) {
      value.add(load(y, yi)).intoArray(y, yi);
    } else {
      value.intoArray(y, yi);
    }
  }
}
