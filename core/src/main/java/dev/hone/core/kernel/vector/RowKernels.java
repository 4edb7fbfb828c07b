package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Products that read a large operand once, row by row, without packing; see {@link dev.hone.core.kernel.cpu.MatMulLoops}. */
final class RowKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final VectorShuffle<Float> HALF = rotation(LANES / 2);
  private static final VectorShuffle<Float> QUARTER = rotation(LANES / 4);
  private static final VectorShuffle<Float> EIGHTH = rotation(LANES / 8);
  private static final VectorShuffle<Float> SIXTEENTH = rotation(LANES / 16);

  private RowKernels() {}

  private static VectorShuffle<Float> rotation(int by) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane + by) % LANES);
  }

  /** Two rows by four: eight sums and six loads per step, so that the loads keep up with the multiply-adds. */
  static void dots(int depth, float[] p, int pi, int ldp, float[] q, int qi, int ldq, float[] sums, int si, int lds) {
    FloatVector sum00 = FloatVector.zero(SPECIES);
    FloatVector sum01 = FloatVector.zero(SPECIES);
    FloatVector sum02 = FloatVector.zero(SPECIES);
    FloatVector sum03 = FloatVector.zero(SPECIES);
    FloatVector sum10 = FloatVector.zero(SPECIES);
    FloatVector sum11 = FloatVector.zero(SPECIES);
    FloatVector sum12 = FloatVector.zero(SPECIES);
    FloatVector sum13 = FloatVector.zero(SPECIES);
    int q1 = qi + ldq;
    int q2 = q1 + ldq;
    int q3 = q2 + ldq;
    int p1 = pi + ldp;
    int body = SPECIES.loopBound(depth);
    for (int k = 0; k < body; k += LANES) {
      FloatVector top = FloatVector.fromArray(SPECIES, p, pi + k);
      FloatVector bottom = FloatVector.fromArray(SPECIES, p, p1 + k);
      FloatVector b0 = FloatVector.fromArray(SPECIES, q, qi + k);
      sum00 = top.fma(b0, sum00);
      sum10 = bottom.fma(b0, sum10);
      FloatVector b1 = FloatVector.fromArray(SPECIES, q, q1 + k);
      sum01 = top.fma(b1, sum01);
      sum11 = bottom.fma(b1, sum11);
      FloatVector b2 = FloatVector.fromArray(SPECIES, q, q2 + k);
      sum02 = top.fma(b2, sum02);
      sum12 = bottom.fma(b2, sum12);
      FloatVector b3 = FloatVector.fromArray(SPECIES, q, q3 + k);
      sum03 = top.fma(b3, sum03);
      sum13 = bottom.fma(b3, sum13);
    }
    sums[si] += sum(sum00);
    sums[si + 1] += sum(sum01);
    sums[si + 2] += sum(sum02);
    sums[si + 3] += sum(sum03);
    sums[si + lds] += sum(sum10);
    sums[si + lds + 1] += sum(sum11);
    sums[si + lds + 2] += sum(sum12);
    sums[si + lds + 3] += sum(sum13);
    if (body < depth) {
      dotsTail(depth - body, p, pi + body, q, qi + body, ldq, sums, si);
      dotsTail(depth - body, p, p1 + body, q, qi + body, ldq, sums, si + lds);
    }
  }

  private static void dotsTail(int depth, float[] p, int pi, float[] q, int qi, int ldq, float[] sums, int si) {
    for (int k = 0; k < depth; k++) {
      sums[si] = Math.fma(p[pi + k], q[qi + k], sums[si]);
      sums[si + 1] = Math.fma(p[pi + k], q[qi + ldq + k], sums[si + 1]);
      sums[si + 2] = Math.fma(p[pi + k], q[qi + 2 * ldq + k], sums[si + 2]);
      sums[si + 3] = Math.fma(p[pi + k], q[qi + 3 * ldq + k], sums[si + 3]);
    }
  }

  /** Four rows by one: as many streams from memory, and two sums for each to hide the time of the multiply-adds. */
  static void dotsOfOne(int depth, float[] p, int p0, int p1, int p2, int p3, float[] x, int xi, float[] sums, int si) {
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

  static void addRows(float[] weights, int wi, int stride, float[] rows, int ri, int ldr, int n, float[] y, int yi) {
    FloatVector w0 = FloatVector.broadcast(SPECIES, weights[wi]);
    FloatVector w1 = FloatVector.broadcast(SPECIES, weights[wi + stride]);
    FloatVector w2 = FloatVector.broadcast(SPECIES, weights[wi + 2 * stride]);
    FloatVector w3 = FloatVector.broadcast(SPECIES, weights[wi + 3 * stride]);
    FloatVector w4 = FloatVector.broadcast(SPECIES, weights[wi + 4 * stride]);
    FloatVector w5 = FloatVector.broadcast(SPECIES, weights[wi + 5 * stride]);
    FloatVector w6 = FloatVector.broadcast(SPECIES, weights[wi + 6 * stride]);
    FloatVector w7 = FloatVector.broadcast(SPECIES, weights[wi + 7 * stride]);
    int r1 = ri + ldr;
    int r2 = r1 + ldr;
    int r3 = r2 + ldr;
    int r4 = r3 + ldr;
    int r5 = r4 + ldr;
    int r6 = r5 + ldr;
    int r7 = r6 + ldr;
    int body = SPECIES.loopBound(n);
    for (int j = 0; j < body; j += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, y, yi + j);
      sum = w0.fma(FloatVector.fromArray(SPECIES, rows, ri + j), sum);
      sum = w1.fma(FloatVector.fromArray(SPECIES, rows, r1 + j), sum);
      sum = w2.fma(FloatVector.fromArray(SPECIES, rows, r2 + j), sum);
      sum = w3.fma(FloatVector.fromArray(SPECIES, rows, r3 + j), sum);
      sum = w4.fma(FloatVector.fromArray(SPECIES, rows, r4 + j), sum);
      sum = w5.fma(FloatVector.fromArray(SPECIES, rows, r5 + j), sum);
      sum = w6.fma(FloatVector.fromArray(SPECIES, rows, r6 + j), sum);
      sum = w7.fma(FloatVector.fromArray(SPECIES, rows, r7 + j), sum);
      sum.intoArray(y, yi + j);
    }
    for (int t = 0; t < 8 && body < n; t++) {
      addRowTail(weights[wi + t * stride], rows, ri + t * ldr + body, n - body, y, yi + body);
    }
  }

  static void addRow(float weight, float[] row, int ri, int n, float[] y, int yi) {
    FloatVector w = FloatVector.broadcast(SPECIES, weight);
    int body = SPECIES.loopBound(n);
    for (int j = 0; j < body; j += LANES) {
      w.fma(FloatVector.fromArray(SPECIES, row, ri + j), FloatVector.fromArray(SPECIES, y, yi + j)).intoArray(y, yi + j);
    }
    if (body < n) {
      addRowTail(weight, row, ri + body, n - body, y, yi + body);
    }
  }

  private static void addRowTail(float weight, float[] row, int ri, int n, float[] y, int yi) {
    for (int j = 0; j < n; j++) {
      y[yi + j] = Math.fma(weight, row[ri + j], y[yi + j]);
    }
  }
}
