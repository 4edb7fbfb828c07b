package dev.hone.core.kernel.vector;

import static dev.hone.core.kernel.vector.AttentionTile.L;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.hone.core.random.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What dropout multiplies a block of probabilities with: 0 or 1 / (1 - share).
 *
 * <p>Implementation note: the random numbers of four consecutive keys are the four words of one Philox block, whose counter is
 * the query's. Each 32-bit word has a lane of 64 for its products, so one call makes four rows from two vectors of blocks, those
 * of the even and of the odd queries, whose words then share a vector. A vector of floats half as wide would do with one; but the
 * methods of FloatVector would then see vectors of two classes, and the compiler, which takes the class from what it has seen,
 * leaves the vectors of any kernel that it compiles afterwards in objects: training was up to ten times slower.
 */
final class DropoutMask {
  private static final VectorSpecies<Long> I64 = LongVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> F32 = VectorMath.F32;
  private static final long WORD = 0xFFFFFFFFL;
  private static final int KEY_BITS = 24; // of an element's number
  private static final int BLOCK_BITS = 2;
  private static final int QUERY = KEY_BITS - BLOCK_BITS; // where the query begins in a counter
  private static final LongVector EVEN = LongVector.zero(I64).addIndex(1 << QUERY + 1);
  private static final LongVector ODD = EVEN.add(1L << QUERY);

  private final Philox random;
  private final float keep;
  private final int threshold; // of the upper 24 bits of a word: u · 2^-24 < share

  DropoutMask(Philox random, float share) {
    this.random = random;
    this.keep = 1 / (1 - share);
    this.threshold = (int) Math.ceil(share * 0x1p24);
  }

  /**
   * Fills a block.
   *
   * @param mask [rows, lanes], rows {@code ld} apart; both sizes are rounded up to what one call makes
   * @param element number of lane 0's query and row 0's key in the stream; the key is a multiple of 4
   */
  void fill(float[] mask, int at, int ld, int rows, int lanes, long element) {
    for (int row = 0; row < rows; row += 4) {
      for (int lane = 0; lane < lanes; lane += L) {
        four(mask, at + row * ld + lane, ld, (element + row >> BLOCK_BITS) + ((long) lane << QUERY));
      }
    }
  }

  /** Four rows for a vector of queries; {@code counter} is that of the first. */
  private void four(float[] mask, int at, int ld, long counter) {
    LongVector e0 = EVEN.add(counter);
    LongVector e1 = e0.lanewise(LSHR, 32);
    LongVector o0 = ODD.add(counter);
    LongVector o1 = o0.lanewise(LSHR, 32);
    LongVector e2 = LongVector.broadcast(I64, random.stream() & WORD);
    LongVector e3 = LongVector.broadcast(I64, random.stream() >>> 32);
    LongVector o2 = e2;
    LongVector o3 = e3;
    int k0 = (int) random.seed();
    int k1 = (int) (random.seed() >>> 32);
    for (int round = 0; round < Philox.ROUNDS; round++) {
      LongVector p0 = e0.and(WORD).mul(Philox.M0 & WORD);
      LongVector p1 = e2.and(WORD).mul(Philox.M1 & WORD);
      LongVector q0 = o0.and(WORD).mul(Philox.M0 & WORD);
      LongVector q1 = o2.and(WORD).mul(Philox.M1 & WORD);
      e0 = p1.lanewise(LSHR, 32).lanewise(XOR, e1).lanewise(XOR, k0);
      o0 = q1.lanewise(LSHR, 32).lanewise(XOR, o1).lanewise(XOR, k0);
      e2 = p0.lanewise(LSHR, 32).lanewise(XOR, e3).lanewise(XOR, k1);
      o2 = q0.lanewise(LSHR, 32).lanewise(XOR, o3).lanewise(XOR, k1);
      e1 = p1;
      o1 = q1;
      e3 = p0;
      o3 = q0;
      k0 += Philox.W0;
      k1 += Philox.W1;
    }
    IntVector w0 = e0.and(WORD).or(o0.lanewise(LSHL, 32)).reinterpretAsInts().lanewise(LSHR, 8);
    IntVector w1 = e1.and(WORD).or(o1.lanewise(LSHL, 32)).reinterpretAsInts().lanewise(LSHR, 8);
    IntVector w2 = e2.and(WORD).or(o2.lanewise(LSHL, 32)).reinterpretAsInts().lanewise(LSHR, 8);
    IntVector w3 = e3.and(WORD).or(o3.lanewise(LSHL, 32)).reinterpretAsInts().lanewise(LSHR, 8);
    FloatVector kept = FloatVector.broadcast(F32, keep);
    kept.blend(0, w0.compare(LT, threshold).cast(F32)).intoArray(mask, at);
    kept.blend(0, w1.compare(LT, threshold).cast(F32)).intoArray(mask, at + ld);
    kept.blend(0, w2.compare(LT, threshold).cast(F32)).intoArray(mask, at + 2 * ld);
    kept.blend(0, w3.compare(LT, threshold).cast(F32)).intoArray(mask, at + 3 * ld);
  }
}
