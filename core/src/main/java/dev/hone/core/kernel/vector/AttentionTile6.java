package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** For 16 vector registers: 12 sums by rows, 8 by columns. */
final class AttentionTile6 extends AttentionTile {
  AttentionTile6() {
    super(6, 4);
  }

  @Override
  void rows2(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, float[] start, int startAt, int ldStart,
      float[] c, int cAt, int ldc) {
    FloatVector c00 = FloatVector.fromArray(F32, start, startAt);
    FloatVector c01 = FloatVector.fromArray(F32, start, startAt + L);
    FloatVector c10 = FloatVector.fromArray(F32, start, startAt + ldStart);
    FloatVector c11 = FloatVector.fromArray(F32, start, startAt + ldStart + L);
    FloatVector c20 = FloatVector.fromArray(F32, start, startAt + 2 * ldStart);
    FloatVector c21 = FloatVector.fromArray(F32, start, startAt + 2 * ldStart + L);
    FloatVector c30 = FloatVector.fromArray(F32, start, startAt + 3 * ldStart);
    FloatVector c31 = FloatVector.fromArray(F32, start, startAt + 3 * ldStart + L);
    FloatVector c40 = FloatVector.fromArray(F32, start, startAt + 4 * ldStart);
    FloatVector c41 = FloatVector.fromArray(F32, start, startAt + 4 * ldStart + L);
    FloatVector c50 = FloatVector.fromArray(F32, start, startAt + 5 * ldStart);
    FloatVector c51 = FloatVector.fromArray(F32, start, startAt + 5 * ldStart + L);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromArray(F32, b, bAt + k * ldb);
      FloatVector b1 = FloatVector.fromArray(F32, b, bAt + k * ldb + L);
      FloatVector a0 = FloatVector.broadcast(F32, a[aAt + k]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(F32, a[aAt + lda + k]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(F32, a[aAt + 2 * lda + k]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(F32, a[aAt + 3 * lda + k]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      FloatVector a4 = FloatVector.broadcast(F32, a[aAt + 4 * lda + k]);
      c40 = a4.fma(b0, c40);
      c41 = a4.fma(b1, c41);
      FloatVector a5 = FloatVector.broadcast(F32, a[aAt + 5 * lda + k]);
      c50 = a5.fma(b0, c50);
      c51 = a5.fma(b1, c51);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + L);
    c10.intoArray(c, cAt + ldc);
    c11.intoArray(c, cAt + ldc + L);
    c20.intoArray(c, cAt + 2 * ldc);
    c21.intoArray(c, cAt + 2 * ldc + L);
    c30.intoArray(c, cAt + 3 * ldc);
    c31.intoArray(c, cAt + 3 * ldc + L);
    c40.intoArray(c, cAt + 4 * ldc);
    c41.intoArray(c, cAt + 4 * ldc + L);
    c50.intoArray(c, cAt + 5 * ldc);
    c51.intoArray(c, cAt + 5 * ldc + L);
  }

  @Override
  void rows1(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, float[] start, int startAt, int ldStart,
      float[] c, int cAt, int ldc) {
    FloatVector c0 = FloatVector.fromArray(F32, start, startAt);
    FloatVector c1 = FloatVector.fromArray(F32, start, startAt + ldStart);
    FloatVector c2 = FloatVector.fromArray(F32, start, startAt + 2 * ldStart);
    FloatVector c3 = FloatVector.fromArray(F32, start, startAt + 3 * ldStart);
    FloatVector c4 = FloatVector.fromArray(F32, start, startAt + 4 * ldStart);
    FloatVector c5 = FloatVector.fromArray(F32, start, startAt + 5 * ldStart);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromArray(F32, b, bAt + k * ldb);
      FloatVector a0 = FloatVector.broadcast(F32, a[aAt + k]);
      c0 = a0.fma(b0, c0);
      FloatVector a1 = FloatVector.broadcast(F32, a[aAt + lda + k]);
      c1 = a1.fma(b0, c1);
      FloatVector a2 = FloatVector.broadcast(F32, a[aAt + 2 * lda + k]);
      c2 = a2.fma(b0, c2);
      FloatVector a3 = FloatVector.broadcast(F32, a[aAt + 3 * lda + k]);
      c3 = a3.fma(b0, c3);
      FloatVector a4 = FloatVector.broadcast(F32, a[aAt + 4 * lda + k]);
      c4 = a4.fma(b0, c4);
      FloatVector a5 = FloatVector.broadcast(F32, a[aAt + 5 * lda + k]);
      c5 = a5.fma(b0, c5);
    }
    c0.intoArray(c, cAt);
    c1.intoArray(c, cAt + ldc);
    c2.intoArray(c, cAt + 2 * ldc);
    c3.intoArray(c, cAt + 3 * ldc);
    c4.intoArray(c, cAt + 4 * ldc);
    c5.intoArray(c, cAt + 5 * ldc);
  }

  @Override
  void columns2(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, float[] factors, int factorsAt, float[] c,
      int cAt, int ldc) {
    FloatVector f0 = FloatVector.broadcast(F32, factors[factorsAt]);
    FloatVector c00 = FloatVector.fromArray(F32, c, cAt).mul(f0);
    FloatVector c01 = FloatVector.fromArray(F32, c, cAt + L).mul(f0);
    FloatVector f1 = FloatVector.broadcast(F32, factors[factorsAt + 1]);
    FloatVector c10 = FloatVector.fromArray(F32, c, cAt + ldc).mul(f1);
    FloatVector c11 = FloatVector.fromArray(F32, c, cAt + ldc + L).mul(f1);
    FloatVector f2 = FloatVector.broadcast(F32, factors[factorsAt + 2]);
    FloatVector c20 = FloatVector.fromArray(F32, c, cAt + 2 * ldc).mul(f2);
    FloatVector c21 = FloatVector.fromArray(F32, c, cAt + 2 * ldc + L).mul(f2);
    FloatVector f3 = FloatVector.broadcast(F32, factors[factorsAt + 3]);
    FloatVector c30 = FloatVector.fromArray(F32, c, cAt + 3 * ldc).mul(f3);
    FloatVector c31 = FloatVector.fromArray(F32, c, cAt + 3 * ldc + L).mul(f3);
    for (int k = 0; k < depth; k++) {
      int row = aAt + k * lda;
      FloatVector b0 = FloatVector.fromArray(F32, b, bAt + k * ldb);
      FloatVector b1 = FloatVector.fromArray(F32, b, bAt + k * ldb + L);
      FloatVector a0 = FloatVector.broadcast(F32, a[row]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(F32, a[row + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(F32, a[row + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(F32, a[row + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    c00.intoArray(c, cAt);
    c01.intoArray(c, cAt + L);
    c10.intoArray(c, cAt + ldc);
    c11.intoArray(c, cAt + ldc + L);
    c20.intoArray(c, cAt + 2 * ldc);
    c21.intoArray(c, cAt + 2 * ldc + L);
    c30.intoArray(c, cAt + 3 * ldc);
    c31.intoArray(c, cAt + 3 * ldc + L);
  }

  @Override
  void columns1(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, float[] factors, int factorsAt, float[] c,
      int cAt, int ldc) {
    FloatVector f0 = FloatVector.broadcast(F32, factors[factorsAt]);
    FloatVector c0 = FloatVector.fromArray(F32, c, cAt).mul(f0);
    FloatVector f1 = FloatVector.broadcast(F32, factors[factorsAt + 1]);
    FloatVector c1 = FloatVector.fromArray(F32, c, cAt + ldc).mul(f1);
    FloatVector f2 = FloatVector.broadcast(F32, factors[factorsAt + 2]);
    FloatVector c2 = FloatVector.fromArray(F32, c, cAt + 2 * ldc).mul(f2);
    FloatVector f3 = FloatVector.broadcast(F32, factors[factorsAt + 3]);
    FloatVector c3 = FloatVector.fromArray(F32, c, cAt + 3 * ldc).mul(f3);
    for (int k = 0; k < depth; k++) {
      int row = aAt + k * lda;
      FloatVector b0 = FloatVector.fromArray(F32, b, bAt + k * ldb);
      FloatVector a0 = FloatVector.broadcast(F32, a[row]);
      c0 = a0.fma(b0, c0);
      FloatVector a1 = FloatVector.broadcast(F32, a[row + 1]);
      c1 = a1.fma(b0, c1);
      FloatVector a2 = FloatVector.broadcast(F32, a[row + 2]);
      c2 = a2.fma(b0, c2);
      FloatVector a3 = FloatVector.broadcast(F32, a[row + 3]);
      c3 = a3.fma(b0, c3);
    }
    c0.intoArray(c, cAt);
    c1.intoArray(c, cAt + ldc);
    c2.intoArray(c, cAt + 2 * ldc);
    c3.intoArray(c, cAt + 3 * ldc);
  }
}
