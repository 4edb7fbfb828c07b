package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of rows with rows; see {@link dev.hone.core.kernel.loops.MatMulLoops}.
 *
 * <p>Implementation note. Sums stay vectors until all of a product is summed: summing the lanes of eight or more vectors within
 * the loop's method is more than the compiler takes into one method, and what it leaves out turns vectors into objects.
 */
final class DotKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final TransposeBlock TRANSPOSE = TransposeBlock.INSTANCE;
  private static final VectorShuffle<Float> HALF = rotation(LANES / 2);
  private static final VectorShuffle<Float> QUARTER = rotation(LANES / 4);
  private static final VectorShuffle<Float> EIGHTH = rotation(LANES / 8);
  private static final VectorShuffle<Float> SIXTEENTH = rotation(LANES / 16);

  private DotKernels() {}

  private static VectorShuffle<Float> rotation(int by) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane + by) % LANES);
  }

  /** Sixteen sums and eight loads per step, for 32 registers. */
  static void fourByFour(int depth, float[] p, int p0, int p1, int p2, int p3, float[] q, int qi, int ldq,
      float[] sums, int si, int lds) {
    int q1 = qi + ldq;
    int q2 = qi + 2 * ldq;
    int q3 = qi + 3 * ldq;
    int s0 = si * LANES;
    int s1 = s0 + lds * LANES;
    int s2 = s1 + lds * LANES;
    int s3 = s2 + lds * LANES;
    FloatVector sum00 = FloatVector.fromArray(SPECIES, sums, s0);
    FloatVector sum01 = FloatVector.fromArray(SPECIES, sums, s0 + LANES);
    FloatVector sum02 = FloatVector.fromArray(SPECIES, sums, s0 + 2 * LANES);
    FloatVector sum03 = FloatVector.fromArray(SPECIES, sums, s0 + 3 * LANES);
    FloatVector sum10 = FloatVector.fromArray(SPECIES, sums, s1);
    FloatVector sum11 = FloatVector.fromArray(SPECIES, sums, s1 + LANES);
    FloatVector sum12 = FloatVector.fromArray(SPECIES, sums, s1 + 2 * LANES);
    FloatVector sum13 = FloatVector.fromArray(SPECIES, sums, s1 + 3 * LANES);
    FloatVector sum20 = FloatVector.fromArray(SPECIES, sums, s2);
    FloatVector sum21 = FloatVector.fromArray(SPECIES, sums, s2 + LANES);
    FloatVector sum22 = FloatVector.fromArray(SPECIES, sums, s2 + 2 * LANES);
    FloatVector sum23 = FloatVector.fromArray(SPECIES, sums, s2 + 3 * LANES);
    FloatVector sum30 = FloatVector.fromArray(SPECIES, sums, s3);
    FloatVector sum31 = FloatVector.fromArray(SPECIES, sums, s3 + LANES);
    FloatVector sum32 = FloatVector.fromArray(SPECIES, sums, s3 + 2 * LANES);
    FloatVector sum33 = FloatVector.fromArray(SPECIES, sums, s3 + 3 * LANES);
    int body = SPECIES.loopBound(depth);
    for (int k = 0; k < body; k += LANES) {
      FloatVector a0 = FloatVector.fromArray(SPECIES, p, p0 + k);
      FloatVector a1 = FloatVector.fromArray(SPECIES, p, p1 + k);
      FloatVector a2 = FloatVector.fromArray(SPECIES, p, p2 + k);
      FloatVector a3 = FloatVector.fromArray(SPECIES, p, p3 + k);
      FloatVector b0 = FloatVector.fromArray(SPECIES, q, qi + k);
      sum00 = a0.fma(b0, sum00);
      sum10 = a1.fma(b0, sum10);
      sum20 = a2.fma(b0, sum20);
      sum30 = a3.fma(b0, sum30);
      FloatVector b1 = FloatVector.fromArray(SPECIES, q, q1 + k);
      sum01 = a0.fma(b1, sum01);
      sum11 = a1.fma(b1, sum11);
      sum21 = a2.fma(b1, sum21);
      sum31 = a3.fma(b1, sum31);
      FloatVector b2 = FloatVector.fromArray(SPECIES, q, q2 + k);
      sum02 = a0.fma(b2, sum02);
      sum12 = a1.fma(b2, sum12);
      sum22 = a2.fma(b2, sum22);
      sum32 = a3.fma(b2, sum32);
      FloatVector b3 = FloatVector.fromArray(SPECIES, q, q3 + k);
      sum03 = a0.fma(b3, sum03);
      sum13 = a1.fma(b3, sum13);
      sum23 = a2.fma(b3, sum23);
      sum33 = a3.fma(b3, sum33);
    }
    sum00.intoArray(sums, s0);
    sum01.intoArray(sums, s0 + LANES);
    sum02.intoArray(sums, s0 + 2 * LANES);
    sum03.intoArray(sums, s0 + 3 * LANES);
    sum10.intoArray(sums, s1);
    sum11.intoArray(sums, s1 + LANES);
    sum12.intoArray(sums, s1 + 2 * LANES);
    sum13.intoArray(sums, s1 + 3 * LANES);
    sum20.intoArray(sums, s2);
    sum21.intoArray(sums, s2 + LANES);
    sum22.intoArray(sums, s2 + 2 * LANES);
    sum23.intoArray(sums, s2 + 3 * LANES);
    sum30.intoArray(sums, s3);
    sum31.intoArray(sums, s3 + LANES);
    sum32.intoArray(sums, s3 + 2 * LANES);
    sum33.intoArray(sums, s3 + 3 * LANES);
    if (body < depth) {
      tail(depth - body, p, p0 + body, q, qi + body, ldq, sums, s0);
      tail(depth - body, p, p1 + body, q, qi + body, ldq, sums, s1);
      tail(depth - body, p, p2 + body, q, qi + body, ldq, sums, s2);
      tail(depth - body, p, p3 + body, q, qi + body, ldq, sums, s3);
    }
  }

  /** Eight sums and six loads per step, for 16 registers. */
  static void twoByFour(int depth, float[] p, int p0, int p1, float[] q, int qi, int ldq,
      float[] sums, int si, int lds) {
    int q1 = qi + ldq;
    int q2 = qi + 2 * ldq;
    int q3 = qi + 3 * ldq;
    int s0 = si * LANES;
    int s1 = s0 + lds * LANES;
    FloatVector sum00 = FloatVector.fromArray(SPECIES, sums, s0);
    FloatVector sum01 = FloatVector.fromArray(SPECIES, sums, s0 + LANES);
    FloatVector sum02 = FloatVector.fromArray(SPECIES, sums, s0 + 2 * LANES);
    FloatVector sum03 = FloatVector.fromArray(SPECIES, sums, s0 + 3 * LANES);
    FloatVector sum10 = FloatVector.fromArray(SPECIES, sums, s1);
    FloatVector sum11 = FloatVector.fromArray(SPECIES, sums, s1 + LANES);
    FloatVector sum12 = FloatVector.fromArray(SPECIES, sums, s1 + 2 * LANES);
    FloatVector sum13 = FloatVector.fromArray(SPECIES, sums, s1 + 3 * LANES);
    int body = SPECIES.loopBound(depth);
    for (int k = 0; k < body; k += LANES) {
      FloatVector a0 = FloatVector.fromArray(SPECIES, p, p0 + k);
      FloatVector a1 = FloatVector.fromArray(SPECIES, p, p1 + k);
      FloatVector b0 = FloatVector.fromArray(SPECIES, q, qi + k);
      sum00 = a0.fma(b0, sum00);
      sum10 = a1.fma(b0, sum10);
      FloatVector b1 = FloatVector.fromArray(SPECIES, q, q1 + k);
      sum01 = a0.fma(b1, sum01);
      sum11 = a1.fma(b1, sum11);
      FloatVector b2 = FloatVector.fromArray(SPECIES, q, q2 + k);
      sum02 = a0.fma(b2, sum02);
      sum12 = a1.fma(b2, sum12);
      FloatVector b3 = FloatVector.fromArray(SPECIES, q, q3 + k);
      sum03 = a0.fma(b3, sum03);
      sum13 = a1.fma(b3, sum13);
    }
    sum00.intoArray(sums, s0);
    sum01.intoArray(sums, s0 + LANES);
    sum02.intoArray(sums, s0 + 2 * LANES);
    sum03.intoArray(sums, s0 + 3 * LANES);
    sum10.intoArray(sums, s1);
    sum11.intoArray(sums, s1 + LANES);
    sum12.intoArray(sums, s1 + 2 * LANES);
    sum13.intoArray(sums, s1 + 3 * LANES);
    if (body < depth) {
      tail(depth - body, p, p0 + body, q, qi + body, ldq, sums, s0);
      tail(depth - body, p, p1 + body, q, qi + body, ldq, sums, s1);
    }
  }

  private static void tail(int depth, float[] p, int pi, float[] q, int qi, int ldq, float[] sums, int si) {
    for (int j = 0; j < 4; j++) {
      sums[si + j * LANES] = dotTail(sums[si + j * LANES], p, pi, q, qi + j * ldq, depth);
    }
  }

  /** Turns as many products as there are lanes, so that their partial sums are added by whole vectors. */
  static void fold(float[] partial, int count, float[] sums) {
    for (int i = 0; i < count; i += LANES) {
      if (TRANSPOSE != null) {
        TRANSPOSE.blocks(1, partial, i * LANES, LANES, 1, partial, i * LANES, LANES);
        addRows(partial, i * LANES, sums, i);
      } else {
        addLanes(partial, i * LANES, Math.min(LANES, count - i), sums, i);
      }
    }
  }

  private static void addRows(float[] rows, int at, float[] sums, int si) {
    FloatVector sum = FloatVector.fromArray(SPECIES, rows, at);
    for (int i = 1; i < LANES; i++) {
      sum = sum.add(FloatVector.fromArray(SPECIES, rows, at + i * LANES));
    }
    sum.intoArray(sums, si);
  }

  private static void addLanes(float[] partial, int at, int count, float[] sums, int si) {
    for (int i = 0; i < count; i++) {
      float sum = 0;
      for (int lane = 0; lane < LANES; lane++) {
        sum += partial[at + i * LANES + lane];
      }
      sums[si + i] = sum;
    }
  }

  /** Four rows by one: as many streams from memory, and two sums for each to hide the time of the multiply-adds. */
  static void fourByOne(int depth, float[] p, int p0, int p1, int p2, int p3, float[] x, int xi, float[] sums, int si) {
    FloatVector even0 = FloatVector.zero(SPECIES);
    FloatVector odd0 = FloatVector.zero(SPECIES);
    FloatVector even1 = FloatVector.zero(SPECIES);
    FloatVector odd1 = FloatVector.zero(SPECIES);
    FloatVector even2 = FloatVector.zero(SPECIES);
    FloatVector odd2 = FloatVector.zero(SPECIES);
    FloatVector even3 = FloatVector.zero(SPECIES);
    FloatVector odd3 = FloatVector.zero(SPECIES);
    int body = pairs(depth);
    for (int k = 0; k < body; k += 2 * LANES) {
      FloatVector left = FloatVector.fromArray(SPECIES, x, xi + k);
      FloatVector right = FloatVector.fromArray(SPECIES, x, xi + k + LANES);
      even0 = FloatVector.fromArray(SPECIES, p, p0 + k).fma(left, even0);
      odd0 = FloatVector.fromArray(SPECIES, p, p0 + k + LANES).fma(right, odd0);
      even1 = FloatVector.fromArray(SPECIES, p, p1 + k).fma(left, even1);
      odd1 = FloatVector.fromArray(SPECIES, p, p1 + k + LANES).fma(right, odd1);
      even2 = FloatVector.fromArray(SPECIES, p, p2 + k).fma(left, even2);
      odd2 = FloatVector.fromArray(SPECIES, p, p2 + k + LANES).fma(right, odd2);
      even3 = FloatVector.fromArray(SPECIES, p, p3 + k).fma(left, even3);
      odd3 = FloatVector.fromArray(SPECIES, p, p3 + k + LANES).fma(right, odd3);
    }
    int rest = depth - body;
    sums[si] = dotTail(sum(even0.add(odd0)), p, p0 + body, x, xi + body, rest);
    sums[si + 1] = dotTail(sum(even1.add(odd1)), p, p1 + body, x, xi + body, rest);
    sums[si + 2] = dotTail(sum(even2.add(odd2)), p, p2 + body, x, xi + body, rest);
    sums[si + 3] = dotTail(sum(even3.add(odd3)), p, p3 + body, x, xi + body, rest);
  }

  private static float dotTail(float sum, float[] p, int pi, float[] x, int xi, int n) {
    for (int k = 0; k < n; k++) {
      sum = Math.fma(p[pi + k], x[xi + k], sum);
    }
    return sum;
  }

  /** How many of {@code n} elements fill pairs of vectors. */
  static int pairs(int n) {
    return n / (2 * LANES) * (2 * LANES);
  }

  /** The sum of all lanes in a fixed order; that of {@code reduceLanes} may differ from one compilation to the next. */
  static float sum(FloatVector vector) {
    FloatVector v = vector.add(vector.rearrange(HALF));
    v = v.add(v.rearrange(QUARTER));
    if (LANES > 4) {
      v = v.add(v.rearrange(EIGHTH));
    }
    if (LANES > 8) {
      v = v.add(v.rearrange(SIXTEENTH));
    }
    return v.lane(0);
  }
}
