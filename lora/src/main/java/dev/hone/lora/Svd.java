package dev.hone.lora;

import dev.hone.core.parallel.Workers;
import dev.hone.core.random.Philox;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Singular values, the largest first, with their vectors: the matrix is the sum of s_i · u_i · v_iᵀ. In float64. Vectors of
 * a matrix are arrays of their own, so that inner products run over contiguous memory.
 *
 * <p>Implementation note: Hestenes' one-sided Jacobi method. Columns are turned against each other until all are orthogonal;
 * it needs no bidiagonal form and is accurate for small singular values, too. The fast form finds the space of the largest
 * values by subspace iteration first (Halko, Martinsson and Tropp 2011).
 *
 * @param u left vectors
 * @param s values
 * @param v right vectors
 */
record Svd(double[][] u, double[] s, double[][] v) {
  private static final int MAX_SWEEPS = 60;
  private static final double ORTHOGONAL = 1e-15;
  private static final int OVERSAMPLING = 10;

  /**
   * The decomposition of a matrix of given columns.
   *
   * @param columns as many as there are, each as long as the matrix has rows; they stay as they are
   */
  static Svd of(double[][] columns) {
    if (columns.length > columns[0].length) {
      Svd turned = of(transpose(columns));
      return new Svd(turned.v, turned.s, turned.u);
    }
    int n = columns.length;
    double[][] a = Arrays.stream(columns).map(double[]::clone).toArray(double[][]::new);
    double[][] v = new double[n][n];
    for (int i = 0; i < n; i++) {
      v[i][i] = 1;
    }
    boolean turned = true;
    for (int sweep = 0; turned && sweep < MAX_SWEEPS; sweep++) {
      turned = false;
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          turned |= turn(a, v, p, q);
        }
      }
    }
    double[] norms = Arrays.stream(a).mapToDouble(column -> Math.sqrt(dot(column, column))).toArray();
    int[] order = IntStream.range(0, n).boxed().sorted(Comparator.comparingDouble(i -> -norms[i])).mapToInt(i -> i).toArray();
    for (int i = 0; i < n; i++) {
      for (int row = 0; norms[i] > 0 && row < a[i].length; row++) {
        a[i][row] /= norms[i];
      }
    }
    return new Svd(Arrays.stream(order).mapToObj(i -> a[i]).toArray(double[][]::new),
        Arrays.stream(order).mapToDouble(i -> norms[i]).toArray(),
        Arrays.stream(order).mapToObj(i -> v[i]).toArray(double[][]::new));
  }

  /** Makes two columns orthogonal; whether they were not. */
  private static boolean turn(double[][] a, double[][] v, int p, int q) {
    double alpha = dot(a[p], a[p]);
    double beta = dot(a[q], a[q]);
    double gamma = dot(a[p], a[q]);
    if (Math.abs(gamma) <= ORTHOGONAL * Math.sqrt(alpha * beta)) {
      return false;
    }
    double zeta = (beta - alpha) / (2 * gamma);
    double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
    double c = 1 / Math.sqrt(1 + t * t);
    rotate(a[p], a[q], c, c * t);
    rotate(v[p], v[q], c, c * t);
    return true;
  }

  private static void rotate(double[] x, double[] y, double c, double s) {
    for (int i = 0; i < x.length; i++) {
      double xi = x[i];
      x[i] = c * xi - s * y[i];
      y[i] = s * xi + c * y[i];
    }
  }

  /** The largest singular values of a matrix of given columns, nearly: {@code iterations} passes over it and back. */
  static Svd largest(double[][] columns, int count, int iterations, Philox random) {
    int rows = columns[0].length;
    int wanted = Math.min(Math.min(rows, columns.length), count + OVERSAMPLING);
    double[][] byRow = transpose(columns);
    double[][] space = new double[wanted][columns.length];
    float[] normal = new float[columns.length];
    for (int i = 0; i < wanted; i++) {
      random.withStream(Philox.stream(random.stream(), i)).fillNormal(normal, 0, normal.length, 0, 1);
      for (int j = 0; j < normal.length; j++) {
        space[i][j] = normal[j];
      }
    }
    double[][] left = orthonormal(products(byRow, space));
    for (int i = 0; i < iterations; i++) {
      left = orthonormal(products(byRow, orthonormal(products(columns, left))));
    }
    Svd small = of(products(columns, left)); // columns of Aᵀ · Q, so u and v change places
    return new Svd(combine(left, small.v), small.s, small.u);
  }

  /** The decomposition of the sum of left_i · right_iᵀ, without forming it. */
  static Svd ofProduct(double[][] left, double[][] right) {
    double[][] q = orthonormal(left);
    double[][] p = orthonormal(right);
    double[][] core = new double[p.length][q.length]; // columns of Qᵀ · (Σ l · rᵀ) · P
    for (int k = 0; k < left.length; k++) {
      for (int j = 0; j < p.length; j++) {
        double weight = dot(p[j], right[k]);
        for (int i = 0; i < q.length; i++) {
          core[j][i] += dot(q[i], left[k]) * weight;
        }
      }
    }
    Svd small = of(core);
    return new Svd(combine(q, small.u), small.s, combine(p, small.v));
  }

  /** M · x for every x, where the rows of M are given. */
  private static double[][] products(double[][] rows, double[][] xs) {
    double[][] results = new double[xs.length][rows.length];
    Workers.ranges(rows.length, 1, (from, to) -> {
      for (int row = from; row < to; row++) {
        for (int i = 0; i < xs.length; i++) {
          results[i][row] = dot(rows[row], xs[i]);
        }
      }
    });
    return results;
  }

  /** Vectors that span the same space, by Gram and Schmidt, twice for the sake of rounding. */
  static double[][] orthonormal(double[][] vectors) {
    double[][] q = Arrays.stream(vectors).map(double[]::clone).toArray(double[][]::new);
    for (int i = 0; i < q.length; i++) {
      double before = Math.sqrt(dot(q[i], q[i]));
      for (int twice = 0; twice < 2; twice++) {
        for (int j = 0; j < i; j++) {
          double share = dot(q[j], q[i]);
          for (int k = 0; k < q[i].length; k++) {
            q[i][k] -= share * q[j][k];
          }
        }
      }
      double norm = Math.sqrt(dot(q[i], q[i]));
      boolean dependent = norm <= 1e-12 * before;
      for (int k = 0; k < q[i].length; k++) {
        q[i][k] = dependent ? 0 : q[i][k] / norm;
      }
    }
    return q;
  }

  private static double[][] combine(double[][] basis, double[][] weights) {
    double[][] sums = new double[weights.length][basis[0].length];
    for (int i = 0; i < weights.length; i++) {
      for (int j = 0; j < basis.length; j++) {
        for (int k = 0; k < sums[i].length; k++) {
          sums[i][k] += weights[i][j] * basis[j][k];
        }
      }
    }
    return sums;
  }

  static double[][] transpose(double[][] columns) {
    double[][] rows = new double[columns[0].length][columns.length];
    for (int j = 0; j < columns.length; j++) {
      for (int i = 0; i < rows.length; i++) {
        rows[i][j] = columns[j][i];
      }
    }
    return rows;
  }

  static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum = Math.fma(x[i], y[i], sum);
    }
    return sum;
  }
}
