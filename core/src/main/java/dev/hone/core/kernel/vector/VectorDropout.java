package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.VectorMath.F32;
import static dev.hone.core.kernel.vector.VectorMath.LANES;
import static jdk.incubator.vector.FloatVector.fromArray;
import static jdk.incubator.vector.FloatVector.zero;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.hone.core.random.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
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
      LongVector c1 = c0.lanewise(LSHR, 32);
      LongVector c2 = stream0;
      LongVector c3 = stream1;
      long k0 = key0;
      long k1 = key1;
      for (int round = 0; round < Philox.ROUNDS; round++) {
        LongVector p0 = c0.and(LOW).mul(M0);
        LongVector p1 = c2.and(LOW).mul(M1);
        c0 = p1.lanewise(LSHR, 32).lanewise(XOR, c1).lanewise(XOR, k0);
        c2 = p0.lanewise(LSHR, 32).lanewise(XOR, c3).lanewise(XOR, k1);
        c1 = p1;
        c3 = p0;
        k0 += Philox.W0;
        k1 += Philox.W1;
      }
      LongVector low = c0.and(LOW).or(c1.lanewise(LSHL, 32));
      LongVector high = c2.and(LOW).or(c3.lanewise(LSHL, 32));
      LongVector front = low.rearrange(FIRST_HALF).blend(high.rearrange(FIRST_HALF), ODD);
      LongVector back = low.rearrange(SECOND_HALF).blend(high.rearrange(SECOND_HALF), ODD);
      VectorMask<Float> keepFront = front.reinterpretAsInts().lanewise(LSHR, 8).compare(GE, limit).cast(F32);
      VectorMask<Float> keepBack = back.reinterpretAsInts().lanewise(LSHR, 8).compare(GE, limit).cast(F32);
      FloatVector u = zero(F32).blend(fromArray(F32, x, xi + i).mul(scale), keepFront);
      FloatVector v = zero(F32).blend(fromArray(F32, x, xi + i + LANES).mul(scale), keepBack);
      if (accumulate) {
        u.add(fromArray(F32, y, yi + i)).intoArray(y, yi + i);
        v.add(fromArray(F32, y, yi + i + LANES)).intoArray(y, yi + i + LANES);
      } else {
        u.intoArray(y, yi + i);
        v.intoArray(y, yi + i + LANES);
      }
    }
  }
}
