package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** For 32 vector registers: 24 sums by rows, 16 by columns. */
final class AttentionTile12 extends AttentionTile {
  AttentionTile12() {
    super(12, 8);
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
    FloatVector c60 = FloatVector.fromArray(F32, start, startAt + 6 * ldStart);
    FloatVector c61 = FloatVector.fromArray(F32, start, startAt + 6 * ldStart + L);
    FloatVector c70 = FloatVector.fromArray(F32, start, startAt + 7 * ldStart);
    FloatVector c71 = FloatVector.fromArray(F32, start, startAt + 7 * ldStart + L);
    FloatVector c80 = FloatVector.fromArray(F32, start, startAt + 8 * ldStart);
    FloatVector c81 = FloatVector.fromArray(F32, start, startAt + 8 * ldStart + L);
    FloatVector c90 = FloatVector.fromArray(F32, start, startAt + 9 * ldStart);
    FloatVector c91 = FloatVector.fromArray(F32, start, startAt + 9 * ldStart + L);
    FloatVector cA0 = FloatVector.fromArray(F32, start, startAt + 10 * ldStart);
    FloatVector cA1 = FloatVector.fromArray(F32, start, startAt + 10 * ldStart + L);
    FloatVector cB0 = FloatVector.fromArray(F32, start, startAt + 11 * ldStart);
    FloatVector cB1 = FloatVector.fromArray(F32, start, startAt + 11 * ldStart + L);
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
      FloatVector a6 = FloatVector.broadcast(F32, a[aAt + 6 * lda + k]);
      c60 = a6.fma(b0, c60);
      c61 = a6.fma(b1, c61);
      FloatVector a7 = FloatVector.broadcast(F32, a[aAt + 7 * lda + k]);
      c70 = a7.fma(b0, c70);
      c71 = a7.fma(b1, c71);
      FloatVector a8 = FloatVector.broadcast(F32, a[aAt + 8 * lda + k]);
      c80 = a8.fma(b0, c80);
      c81 = a8.fma(b1, c81);
      FloatVector a9 = FloatVector.broadcast(F32, a[aAt + 9 * lda + k]);
      c90 = a9.fma(b0, c90);
      c91 = a9.fma(b1, c91);
      FloatVector aA = FloatVector.broadcast(F32, a[aAt + 10 * lda + k]);
      cA0 = aA.fma(b0, cA0);
      cA1 = aA.fma(b1, cA1);
      FloatVector aB = FloatVector.broadcast(F32, a[aAt + 11 * lda + k]);
      cB0 = aB.fma(b0, cB0);
      cB1 = aB.fma(b1, cB1);
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
    c60.intoArray(c, cAt + 6 * ldc);
    c61.intoArray(c, cAt + 6 * ldc + L);
    c70.intoArray(c, cAt + 7 * ldc);
    c71.intoArray(c, cAt + 7 * ldc + L);
    c80.intoArray(c, cAt + 8 * ldc);
    c81.intoArray(c, cAt + 8 * ldc + L);
    c90.intoArray(c, cAt + 9 * ldc);
    c91.intoArray(c, cAt + 9 * ldc + L);
    cA0.intoArray(c, cAt + 10 * ldc);
    cA1.intoArray(c, cAt + 10 * ldc + L);
    cB0.intoArray(c, cAt + 11 * ldc);
    cB1.intoArray(c, cAt + 11 * ldc + L);
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
    FloatVector c6 = FloatVector.fromArray(F32, start, startAt + 6 * ldStart);
    FloatVector c7 = FloatVector.fromArray(F32, start, startAt + 7 * ldStart);
    FloatVector c8 = FloatVector.fromArray(F32, start, startAt + 8 * ldStart);
    FloatVector c9 = FloatVector.fromArray(F32, start, startAt + 9 * ldStart);
    FloatVector cA = FloatVector.fromArray(F32, start, startAt + 10 * ldStart);
    FloatVector cB = FloatVector.fromArray(F32, start, startAt + 11 * ldStart);
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
      FloatVector a6 = FloatVector.broadcast(F32, a[aAt + 6 * lda + k]);
      c6 = a6.fma(b0, c6);
      FloatVector a7 = FloatVector.broadcast(F32, a[aAt + 7 * lda + k]);
      c7 = a7.fma(b0, c7);
      FloatVector a8 = FloatVector.broadcast(F32, a[aAt + 8 * lda + k]);
      c8 = a8.fma(b0, c8);
      FloatVector a9 = FloatVector.broadcast(F32, a[aAt + 9 * lda + k]);
      c9 = a9.fma(b0, c9);
      FloatVector aA = FloatVector.broadcast(F32, a[aAt + 10 * lda + k]);
      cA = aA.fma(b0, cA);
      FloatVector aB = FloatVector.broadcast(F32, a[aAt + 11 * lda + k]);
      cB = aB.fma(b0, cB);
    }
    c0.intoArray(c, cAt);
    c1.intoArray(c, cAt + ldc);
    c2.intoArray(c, cAt + 2 * ldc);
    c3.intoArray(c, cAt + 3 * ldc);
    c4.intoArray(c, cAt + 4 * ldc);
    c5.intoArray(c, cAt + 5 * ldc);
    c6.intoArray(c, cAt + 6 * ldc);
    c7.intoArray(c, cAt + 7 * ldc);
    c8.intoArray(c, cAt + 8 * ldc);
    c9.intoArray(c, cAt + 9 * ldc);
    cA.intoArray(c, cAt + 10 * ldc);
    cB.intoArray(c, cAt + 11 * ldc);
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
    FloatVector f4 = FloatVector.broadcast(F32, factors[factorsAt + 4]);
    FloatVector c40 = FloatVector.fromArray(F32, c, cAt + 4 * ldc).mul(f4);
    FloatVector c41 = FloatVector.fromArray(F32, c, cAt + 4 * ldc + L).mul(f4);
    FloatVector f5 = FloatVector.broadcast(F32, factors[factorsAt + 5]);
    FloatVector c50 = FloatVector.fromArray(F32, c, cAt + 5 * ldc).mul(f5);
    FloatVector c51 = FloatVector.fromArray(F32, c, cAt + 5 * ldc + L).mul(f5);
    FloatVector f6 = FloatVector.broadcast(F32, factors[factorsAt + 6]);
    FloatVector c60 = FloatVector.fromArray(F32, c, cAt + 6 * ldc).mul(f6);
    FloatVector c61 = FloatVector.fromArray(F32, c, cAt + 6 * ldc + L).mul(f6);
    FloatVector f7 = FloatVector.broadcast(F32, factors[factorsAt + 7]);
    FloatVector c70 = FloatVector.fromArray(F32, c, cAt + 7 * ldc).mul(f7);
    FloatVector c71 = FloatVector.fromArray(F32, c, cAt + 7 * ldc + L).mul(f7);
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
      FloatVector a4 = FloatVector.broadcast(F32, a[row + 4]);
      c40 = a4.fma(b0, c40);
      c41 = a4.fma(b1, c41);
      FloatVector a5 = FloatVector.broadcast(F32, a[row + 5]);
      c50 = a5.fma(b0, c50);
      c51 = a5.fma(b1, c51);
      FloatVector a6 = FloatVector.broadcast(F32, a[row + 6]);
      c60 = a6.fma(b0, c60);
      c61 = a6.fma(b1, c61);
      FloatVector a7 = FloatVector.broadcast(F32, a[row + 7]);
      c70 = a7.fma(b0, c70);
      c71 = a7.fma(b1, c71);
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
    c60.intoArray(c, cAt + 6 * ldc);
    c61.intoArray(c, cAt + 6 * ldc + L);
    c70.intoArray(c, cAt + 7 * ldc);
    c71.intoArray(c, cAt + 7 * ldc + L);
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
    FloatVector f4 = FloatVector.broadcast(F32, factors[factorsAt + 4]);
    FloatVector c4 = FloatVector.fromArray(F32, c, cAt + 4 * ldc).mul(f4);
    FloatVector f5 = FloatVector.broadcast(F32, factors[factorsAt + 5]);
    FloatVector c5 = FloatVector.fromArray(F32, c, cAt + 5 * ldc).mul(f5);
    FloatVector f6 = FloatVector.broadcast(F32, factors[factorsAt + 6]);
    FloatVector c6 = FloatVector.fromArray(F32, c, cAt + 6 * ldc).mul(f6);
    FloatVector f7 = FloatVector.broadcast(F32, factors[factorsAt + 7]);
    FloatVector c7 = FloatVector.fromArray(F32, c, cAt + 7 * ldc).mul(f7);
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
      FloatVector a4 = FloatVector.broadcast(F32, a[row + 4]);
      c4 = a4.fma(b0, c4);
      FloatVector a5 = FloatVector.broadcast(F32, a[row + 5]);
      c5 = a5.fma(b0, c5);
      FloatVector a6 = FloatVector.broadcast(F32, a[row + 6]);
      c6 = a6.fma(b0, c6);
      FloatVector a7 = FloatVector.broadcast(F32, a[row + 7]);
      c7 = a7.fma(b0, c7);
    }
    c0.intoArray(c, cAt);
    c1.intoArray(c, cAt + ldc);
    c2.intoArray(c, cAt + 2 * ldc);
    c3.intoArray(c, cAt + 3 * ldc);
    c4.intoArray(c, cAt + 4 * ldc);
    c5.intoArray(c, cAt + 5 * ldc);
    c6.intoArray(c, cAt + 6 * ldc);
    c7.intoArray(c, cAt + 7 * ldc);
  }
}
