package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Weighted sums of the rows of a large operand that is read once; see {@link dev.hone.core.kernel.loops.MatMulLoops}. */
final class RowKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  private RowKernels() {}

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
