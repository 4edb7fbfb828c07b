package dev.hone.core.kernel.scalar;

import dev.hone.core.kernel.loops.MatMulLoops;
import java.util.Arrays;

/** Matrix products in plain Java: a tile of four rows, each a run of columns that the compiler can vectorise. */
public final class ScalarMatMulLoops extends MatMulLoops {
  private static final int ROWS = 4;
  private static final int COLUMNS = 32;

  @Override
  public int tileRows() {
    return ROWS;
  }

  @Override
  public int tileColumns() {
    return COLUMNS;
  }

  @Override
  public void tile(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, int ldc) {
    for (int k = 0; k < depth; k++) {
      for (int r = 0; r < ROWS; r++) {
        accumulate(a[ai + k * ROWS + r], b, bi + k * COLUMNS, c, ci + r * ldc);
      }
    }
  }

  private static void accumulate(float a, float[] b, int bi, float[] c, int ci) {
    for (int j = 0; j < COLUMNS; j++) {
      c[ci + j] += a * b[bi + j];
    }
  }

  @Override
  public void store(float[] sums, int lds, int rows, int columns, float scale, boolean add, float[] c, int ci, int ldc) {
    for (int r = 0; r < rows; r++) {
      storeRow(sums, r * lds, columns, scale, add, c, ci + r * ldc);
    }
  }

  private static void storeRow(float[] sums, int si, int n, float scale, boolean add, float[] c, int ci) {
    for (int j = 0; j < n; j++) {
      float value = scale * sums[si + j];
      c[ci + j] = add ? c[ci + j] + value : value;
    }
  }

  @Override
  public void packNeighbours(float[] source, int si, int stride, int depth, int width, int valid, float[] panel, int pi) {
    for (int k = 0; k < depth; k++) {
      int at = pi + k * width;
      System.arraycopy(source, si + k * stride, panel, at, valid);
      Arrays.fill(panel, at + valid, at + width, 0);
    }
  }

  @Override
  public void packAcross(float[] source, int si, int stride, int depth, int width, int valid, float[] panel, int pi) {
    for (int j = 0; j < valid; j++) {
      spread(source, si + j * stride, depth, width, panel, pi + j);
    }
    for (int k = 0; valid < width && k < depth; k++) {
      Arrays.fill(panel, pi + k * width + valid, pi + (k + 1) * width, 0);
    }
  }

  private static void spread(float[] source, int si, int depth, int width, float[] panel, int pi) {
    for (int k = 0; k < depth; k++) {
      panel[pi + k * width] = source[si + k];
    }
  }

  @Override
  public int productRows() {
    return ROWS;
  }

  @Override
  public void rowProduct(int depth, float[] a, int ai, int lda, float[] panel, int pi, int width, boolean add, float[] c, int ci,
      int ldc) {
    for (int r = 0; r < ROWS; r++) {
      if (!add) {
        Arrays.fill(c, ci + r * ldc, ci + r * ldc + width, 0);
      }
      for (int k = 0; k < depth; k++) {
        addRow(a[ai + r * lda + k], panel, pi + k * width, width, c, ci + r * ldc);
      }
    }
  }

  @Override
  public int lanes() {
    return 1;
  }

  @Override
  public void dots(int depth, float[] p, int p0, int p1, int p2, int p3, float[] q, int qi, int ldq, float[] sums, int si,
      int lds) {
    fourDots(depth, p, p0, q, qi, ldq, sums, si);
    fourDots(depth, p, p1, q, qi, ldq, sums, si + lds);
    fourDots(depth, p, p2, q, qi, ldq, sums, si + 2 * lds);
    fourDots(depth, p, p3, q, qi, ldq, sums, si + 3 * lds);
  }

  private static void fourDots(int depth, float[] p, int pi, float[] q, int qi, int ldq, float[] sums, int si) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    for (int k = 0; k < depth; k++) {
      float value = p[pi + k];
      sum0 += value * q[qi + k];
      sum1 += value * q[qi + ldq + k];
      sum2 += value * q[qi + 2 * ldq + k];
      sum3 += value * q[qi + 3 * ldq + k];
    }
    sums[si] += sum0;
    sums[si + 1] += sum1;
    sums[si + 2] += sum2;
    sums[si + 3] += sum3;
  }

  @Override
  public void foldDots(float[] partial, int count, float[] sums) {
    System.arraycopy(partial, 0, sums, 0, count);
  }

  @Override
  public void dotsOfOne(int depth, float[] p, int p0, int p1, int p2, int p3, float[] x, int xi, float[] sums, int si) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    for (int k = 0; k < depth; k++) {
      float value = x[xi + k];
      sum0 = Math.fma(p[p0 + k], value, sum0);
      sum1 = Math.fma(p[p1 + k], value, sum1);
      sum2 = Math.fma(p[p2 + k], value, sum2);
      sum3 = Math.fma(p[p3 + k], value, sum3);
    }
    sums[si] = sum0;
    sums[si + 1] = sum1;
    sums[si + 2] = sum2;
    sums[si + 3] = sum3;
  }

  @Override
  public void addRows(float[] weights, int wi, int stride, float[] rows, int ri, int ldr, int n, float[] y, int yi) {
    for (int t = 0; t < SUM_ROWS; t++) {
      addRow(weights[wi + t * stride], rows, ri + t * ldr, n, y, yi);
    }
  }

  @Override
  public void addRow(float weight, float[] row, int ri, int n, float[] y, int yi) {
    for (int j = 0; j < n; j++) {
      y[yi + j] += weight * row[ri + j];
    }
  }

  @Override
  public void add(float[] x, int xi, float[] y, int yi, int n) {
    for (int i = 0; i < n; i++) {
      y[yi + i] += x[xi + i];
    }
  }
}
