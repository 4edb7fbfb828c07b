package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.L;

import dev.hone.core.random.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * What dropout multiplies a block of probabilities with: 0 or 1 / (1 - share).
 *
 * <p>Implementation note: the random numbers of four consecutive keys are the four words of one Philox block, whose counter is
 * the query's; so one call makes four rows for half a vector of queries, each 32-bit word in a lane of 64 for its products.
 */
final class DropoutMask {
  private static final VectorSpecies<Long> I64 = LongVector.SPECIES_PREFERRED;
  private static final int QUERIES = I64.length();
  private static final VectorSpecies<Float> F32 = VectorSpecies.of(float.class, VectorShape.forBitSize(QUERIES * Float.SIZE));
  private static final LongVector LANES = LongVector.broadcast(I64, 0).addIndex(1);
  private static final long WORD = 0xFFFFFFFFL;
  private static final int KEY_BITS = 24; // of an element's number
  private static final int BLOCK_BITS = 2;

  private final Philox random;
  private final float keep;
  private final long threshold; // of the upper 24 bits of a word: u · 2^-24 < share

  DropoutMask(Philox random, float share) {
    this.random = random;
    this.keep = 1 / (1 - share);
    this.threshold = (long) Math.ceil(share * 0x1p24);
  }

  /**
   * Fills a block.
   *
   * @param mask [rows, lanes], rows {@code ld} apart; both sizes are rounded up to what one call makes
   * @param element number of lane 0's query and row 0's key in the stream; the key is a multiple of 4
   */
  void fill(float[] mask, int at, int ld, int rows, int lanes, long element) {
    for (int row = 0; row < rows; row += 4) {
      for (int lane = 0; lane < lanes; lane += QUERIES) {
        four(mask, at + row * ld + lane, ld, (element + row >> BLOCK_BITS) + ((long) lane << KEY_BITS - BLOCK_BITS));
      }
    }
  }

  /** Four rows for {@code QUERIES} queries; {@code counter} is that of the first. */
  private void four(float[] mask, int at, int ld, long counter) {
    LongVector counters = LANES.lanewise(VectorOperators.LSHL, KEY_BITS - BLOCK_BITS).add(counter);
    LongVector c0 = counters.and(WORD);
    LongVector c1 = counters.lanewise(VectorOperators.LSHR, 32);
    LongVector c2 = LongVector.broadcast(I64, random.stream() & WORD);
    LongVector c3 = LongVector.broadcast(I64, random.stream() >>> 32);
    int k0 = (int) random.seed();
    int k1 = (int) (random.seed() >>> 32);
    for (int round = 0; round < Philox.ROUNDS; round++) {
      LongVector p0 = c0.mul(Philox.M0 & WORD);
      LongVector p1 = c2.mul(Philox.M1 & WORD);
      c0 = p1.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, c1).lanewise(VectorOperators.XOR, k0 & WORD);
      c2 = p0.lanewise(VectorOperators.LSHR, 32).lanewise(VectorOperators.XOR, c3).lanewise(VectorOperators.XOR, k1 & WORD);
      c1 = p1.and(WORD);
      c3 = p0.and(WORD);
      k0 += Philox.W0;
      k1 += Philox.W1;
    }
    FloatVector kept = FloatVector.broadcast(F32, keep);
    kept.blend(0, c0.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.LT, threshold).cast(F32)).intoArray(mask, at);
    kept.blend(0, c1.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.LT, threshold).cast(F32)).intoArray(mask, at + ld);
    kept.blend(0, c2.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.LT, threshold).cast(F32)).intoArray(mask, at + 2 * ld);
    kept.blend(0, c3.lanewise(VectorOperators.LSHR, 8).compare(VectorOperators.LT, threshold).cast(F32)).intoArray(mask, at + 3 * ld);
  }
}
