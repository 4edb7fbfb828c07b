package dev.hone.core.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Small products whose sums stay in vector registers: the step from which all products of attention are made.
 *
 * <p>Implementation note. A is read where it lies, by rows (the scores Kᵀ-wise, and the gradients of K and V) or by columns
 * (the output, and the gradient of Q): packing it would cost more than these short products gain. Everything the two kinds
 * call a row or a column is {@code lda} apart. Both kinds measure the same speed at a depth of 64; the sums by columns are
 * fewer because there the height is the step in which a causal mask can be followed.
 */
abstract class AttentionTile {
  static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
  static final int L = F32.length();
  /** The tile for this machine. */
  static final AttentionTile TILE = RegisterTile.manyRegisters() ? new AttentionTile12() : new AttentionTile6();
  private static final float[] ZEROS = new float[2 * L];

  /** Height of a tile by rows. */
  final int rowHeight;
  /** Height of a tile by columns. */
  final int columnHeight;

  AttentionTile(int rowHeight, int columnHeight) {
    this.rowHeight = rowHeight;
    this.columnHeight = columnHeight;
  }

  /**
   * C = A · B for one tile by rows and any width.
   *
   * @param a [rowHeight, depth], rows {@code lda} apart
   * @param b [depth, width], rows {@code ldb} apart
   * @param width a multiple of the lanes
   * @param c [rowHeight, width], rows {@code ldc} apart
   */
  final void rowProduct(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, int width, float[] c, int cAt,
      int ldc) {
    int j = 0;
    for (; j + 2 * L <= width; j += 2 * L) {
      rows2(a, aAt, lda, b, bAt + j, ldb, depth, ZEROS, 0, 0, c, cAt + j, ldc);
    }
    if (j < width) {
      rows1(a, aAt, lda, b, bAt + j, ldb, depth, ZEROS, 0, 0, c, cAt + j, ldc);
    }
  }

  /** C += A · B; otherwise {@link #rowProduct}. */
  final void addRowProduct(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, int width, float[] c, int cAt,
      int ldc) {
    int j = 0;
    for (; j + 2 * L <= width; j += 2 * L) {
      rows2(a, aAt, lda, b, bAt + j, ldb, depth, c, cAt + j, ldc, c, cAt + j, ldc);
    }
    if (j < width) {
      rows1(a, aAt, lda, b, bAt + j, ldb, depth, c, cAt + j, ldc, c, cAt + j, ldc);
    }
  }

  /**
   * C[i, :] = factors[i] · C[i, :] + Aᵀ · B for one tile by columns and any width.
   *
   * @param a [depth, columnHeight], rows {@code lda} apart
   * @param b [depth, width], rows {@code ldb} apart
   * @param width a multiple of the lanes
   * @param factors of the rows of C
   * @param c [columnHeight, width], rows {@code ldc} apart
   */
  final void columnProduct(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, int width, float[] factors,
      int factorsAt, float[] c, int cAt, int ldc) {
    int j = 0;
    for (; j + 2 * L <= width; j += 2 * L) {
      columns2(a, aAt, lda, b, bAt + j, ldb, depth, factors, factorsAt, c, cAt + j, ldc);
    }
    if (j < width) {
      columns1(a, aAt, lda, b, bAt + j, ldb, depth, factors, factorsAt, c, cAt + j, ldc);
    }
  }

  /** C = start + A · B, two vectors wide; {@code start} may be C. */
  abstract void rows2(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, float[] start, int startAt,
      int ldStart,
      float[] c, int cAt, int ldc);

  /** C = start + A · B, one vector wide. */
  abstract void rows1(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, float[] start, int startAt,
      int ldStart,
      float[] c, int cAt, int ldc);

  /** C = factors · C + Aᵀ · B, two vectors wide. */
  abstract void columns2(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, float[] factors, int factorsAt,
      float[] c, int cAt, int ldc);

  /** C = factors · C + Aᵀ · B, one vector wide. */
  abstract void columns1(float[] a, int aAt, int lda, float[] b, int bAt, int ldb, int depth, float[] factors, int factorsAt,
      float[] c, int cAt, int ldc);
}
