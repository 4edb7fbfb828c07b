package dev.hone.core.kernel.loops;

/**
 * The loops of matrix products over packed panels.
 *
 * <p>A panel is a strip of an operand as the register tile reads it: for each k, the {@link #tileRows} values of a strip of
 * op(A), or the {@link #tileColumns} values of a strip of op(B), next to each other. A strip at the edge of a matrix is
 * filled with zeros, so that a tile is always whole.
 */
public abstract class MatMulLoops {
  /** Rows of C that one tile computes. */
  public abstract int tileRows();

  /** Columns of C that one tile computes. */
  public abstract int tileColumns();

  /**
   * Adds to one tile of C: c[r][j] += Σ_k a[k][r] · b[k][j]. The sum goes on from C and runs over k in order, so an element has
   * the same bits whatever tile it is part of, and wherever the sum is cut.
   *
   * @param depth number of k
   * @param a a panel of {@link #tileRows} from {@code ai} on
   * @param b a panel of {@link #tileColumns} from {@code bi} on
   * @param ldc distance of the rows of C
   */
  public abstract void tile(int depth, float[] a, int ai, float[] b, int bi, float[] c, int ci, int ldc);

  /**
   * Puts sums into C: c[r][j] = scale · sums[r][j], or with {@code add} that much more.
   *
   * @param lds distance of the rows of sums
   * @param ldc distance of the rows of C
   */
  public abstract void store(float[] sums, int lds, int rows, int columns, float scale, boolean add, float[] c, int ci, int ldc);

  /** Packs a strip whose elements of one k are neighbours: panel[k][j] = source[k · stride + j] for j below {@code valid}. */
  public abstract void packNeighbours(float[] source, int si, int stride, int depth, int width, int valid, float[] panel,
      int pi);

  /** Packs a strip whose elements of one j are neighbours: panel[k][j] = source[j · stride + k] for j below {@code valid}. */
  public abstract void packAcross(float[] source, int si, int stride, int depth, int width, int valid, float[] panel,
      int pi);

  /** Rows of A that {@link #rowProduct} takes. */
  public abstract int productRows();

  /**
   * C = A · B, or with {@code add} that much more, for {@link #productRows} rows of A where they lie, {@code lda} apart, and a
   * panel of B. The sum runs over k in order, as that of {@link #tile} does.
   *
   * @param width columns of the panel: a multiple of {@link #lanes}
   */
  public abstract void rowProduct(int depth, float[] a, int ai, int lda, float[] panel, int pi, int width, boolean add, float[] c,
      int ci, int ldc);

  /** Floats that the loops take at a time. */
  public abstract int lanes();

  /** Rows of p that {@link #dots} takes. */
  public static final int DOT_ROWS = 4;
  /** Rows of q that {@link #dots} takes. */
  public static final int DOT_COLUMNS = 4;

  /**
   * Adds p[i] · q[j] for {@link #DOT_ROWS} rows of p, that begin at p0 to p3, and {@link #DOT_COLUMNS} of q, to the
   * {@link #lanes} partial sums of (i, j), number i · lds + j of those from {@code si} on.
   *
   * @param ldq distance of the rows of q
   */
  public abstract void dots(int depth, float[] p, int p0, int p1, int p2, int p3, float[] q, int qi, int ldq, float[] sums,
      int si,
      int lds);

  /**
   * sums[i] = the sum of the partial sums of number i, for {@code count} of them, in a fixed order.
   *
   * @param partial with room for {@code count} rounded up to a multiple of the lanes; overwritten
   * @param sums with as much room
   */
  public abstract void foldDots(float[] partial, int count, float[] sums);

  /** Rows of p that {@link #dotsOfOne} takes. */
  public static final int ONE_ROWS = 4;

  /**
   * sums[i] = Σ_k p[i][k] · x[k] for {@link #ONE_ROWS} rows of p that begin at p0 to p3, in the order of
   * {@link GatherLoops#dot}.
   */
  public abstract void dotsOfOne(int depth, float[] p, int p0, int p1, int p2, int p3, float[] x, int xi, float[] sums, int si);

  /** Rows that {@link #addRows} takes. */
  public static final int SUM_ROWS = 8;

  /**
   * y[j] += Σ_t weights[t] · rows[t][j] for {@link #SUM_ROWS} t in order and {@code n} j.
   *
   * @param stride distance of the weights
   * @param ldr distance of the rows
   */
  public abstract void addRows(float[] weights, int wi, int stride, float[] rows, int ri, int ldr, int n, float[] y, int yi);

  /** y[j] += weight · row[j] for {@code n} j. */
  public abstract void addRow(float weight, float[] row, int ri, int n, float[] y, int yi);

  /** y[i] += x[i]. */
  public abstract void add(float[] x, int xi, float[] y, int yi, int n);
}
