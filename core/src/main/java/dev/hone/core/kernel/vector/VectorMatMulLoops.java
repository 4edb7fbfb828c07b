package dev.hone.core.kernel.vector;

import dev.hone.core.kernel.loops.MatMulLoops;
import jdk.incubator.vector.FloatVector;

/** Matrix products on the Vector API. */
public final class VectorMatMulLoops extends MatMulLoops {
  private static final RegisterTile TILE = RegisterTile.forThisMachine();
  private static final boolean MANY_REGISTERS = RegisterTile.manyRegisters();

  @Override
  public int tileRows() {
    return TILE.rows();
  }

  @Override
  public int tileColumns() {
    return RegisterTile.COLUMNS;
  }

  @Override
  public void tile(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, int ldc) {
    TILE.multiply(depth, a, ai, b, bi, c, ci, ldc);
  }

  @Override
  public void store(float[] sums, int lds, int rows, int columns, float scale, boolean add, float[] c, int ci, int ldc) {
    for (int r = 0; r < rows; r++) {
      if (add) {
        addRow(sums, r * lds, columns, scale, c, ci + r * ldc);
      } else {
        setRow(sums, r * lds, columns, scale, c, ci + r * ldc);
      }
    }
  }

  private static void addRow(float[] sums, int si, int n, float scale, float[] c, int ci) {
    FloatVector factor = FloatVector.broadcast(RegisterTile.SPECIES, scale);
    int body = RegisterTile.SPECIES.loopBound(n);
    int j = 0;
    for (; j < body; j += RegisterTile.LANES) {
      FloatVector old = FloatVector.fromArray(RegisterTile.SPECIES, c, ci + j);
      FloatVector.fromArray(RegisterTile.SPECIES, sums, si + j).fma(factor, old).intoArray(c, ci + j);
    }
    for (; j < n; j++) {
      c[ci + j] = Math.fma(sums[si + j], scale, c[ci + j]);
    }
  }

  private static void setRow(float[] sums, int si, int n, float scale, float[] c, int ci) {
    int body = RegisterTile.SPECIES.loopBound(n);
    int j = 0;
    for (; j < body; j += RegisterTile.LANES) {
      FloatVector.fromArray(RegisterTile.SPECIES, sums, si + j).mul(scale).intoArray(c, ci + j);
    }
    for (; j < n; j++) {
      c[ci + j] = sums[si + j] * scale;
    }
  }

  @Override
  public void packNeighbours(float[] source, int si, int stride, int depth, int width, int valid, float[] panel, int pi) {
    Packing.neighbours(source, si, stride, depth, width, valid, panel, pi);
  }

  @Override
  public void packAcross(float[] source, int si, int stride, int depth, int width, int valid, float[] panel, int pi) {
    Packing.across(source, si, stride, depth, width, valid, panel, pi);
  }

  @Override
  public int productRows() {
    return AttentionTile.TILE.rowHeight;
  }

  @Override
  public void rowProduct(int depth, float[] a, int ai, int lda, float[] panel, int pi, int width, boolean add, float[] c, int ci,
      int ldc) {
    if (add) {
      AttentionTile.TILE.addRowProduct(a, ai, lda, panel, pi, width, depth, width, c, ci, ldc);
    } else {
      AttentionTile.TILE.rowProduct(a, ai, lda, panel, pi, width, depth, width, c, ci, ldc);
    }
  }

  @Override
  public int lanes() {
    return RegisterTile.LANES;
  }

  @Override
  public void dots(int depth, float[] p, int p0, int p1, int p2, int p3, float[] q, int qi, int ldq, float[] sums, int si,
      int lds) {
    if (MANY_REGISTERS) {
      DotKernels.fourByFour(depth, p, p0, p1, p2, p3, q, qi, ldq, sums, si, lds);
    } else {
      DotKernels.twoByFour(depth, p, p0, p1, q, qi, ldq, sums, si, lds);
      DotKernels.twoByFour(depth, p, p2, p3, q, qi, ldq, sums, si + 2 * lds, lds);
    }
  }

  @Override
  public void foldDots(float[] partial, int count, float[] sums) {
    DotKernels.fold(partial, count, sums);
  }

  @Override
  public void dotsOfOne(int depth, float[] p, int p0, int p1, int p2, int p3, float[] x, int xi, float[] sums, int si) {
    DotKernels.fourByOne(depth, p, p0, p1, p2, p3, x, xi, sums, si);
  }

  @Override
  public void addRows(float[] weights, int wi, int stride, float[] rows, int ri, int ldr, int n, float[] y, int yi) {
    RowKernels.addRows(weights, wi, stride, rows, ri, ldr, n, y, yi);
  }

  @Override
  public void addRow(float weight, float[] row, int ri, int n, float[] y, int yi) {
    RowKernels.addRow(weight, row, ri, n, y, yi);
  }

  @Override
  public void add(float[] x, int xi, float[] y, int yi, int n) {
    int body = RegisterTile.SPECIES.loopBound(n);
    int i = 0;
    for (; i < body; i += RegisterTile.LANES) {
      FloatVector sum = FloatVector.fromArray(RegisterTile.SPECIES, x, xi + i)
          .add(FloatVector.fromArray(RegisterTile.SPECIES, y, yi + i));
      sum.intoArray(y, yi + i);
    }
    for (; i < n; i++) {
      y[yi + i] += x[xi + i];
    }
  }
}
