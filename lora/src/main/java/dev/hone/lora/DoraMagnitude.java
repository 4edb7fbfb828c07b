package dev.hone.lora;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.nn.KvCache;
import dev.hone.nn.Pass;
import java.lang.ref.WeakReference;

/**
 * The trained sizes m of a weight's outputs, and what outputs are multiplied by to have them: m / n with n the norms of
 * W + scale · B · A by output.
 *
 * <p>Implementation note: the sum is never formed. With G = A · Aᵀ and T = A · Wᵀ, and |W_o|² computed once,
 * n_o² = |W_o|² + 2 · scale · B_o · T_o + scale² · B_o · G · B_o.
 */
final class DoraMagnitude {
  private static final MatMulKernels KERNELS = Kernels.active().matmul();
  private static final double MIN = 1e-30;

  private final boolean transposed;
  private final Parameter a;
  private final Parameter b;
  private final double scale;
  private final Parameter magnitude; // [out]
  private final double[] squares; // |W_o|²
  private volatile Cached cached;

  /** The factors of a generation, in which no weight changes. */
  private record Cached(WeakReference<KvCache> generation, Tensor factors) {}

  /**
   * The sizes that the outputs have.
   *
   * @param weight W, [out, in] if transposed, else [in, out] as a table of embeddings
   * @param a [R, in]
   * @param b [out, R]
   */
  DoraMagnitude(Tensor weight, boolean transposed, Parameter a, Parameter b, float scale) {
    this.transposed = transposed;
    this.a = a;
    this.b = b;
    this.scale = scale;
    this.squares = squares(weight, transposed);
    Tensor start = Tensor.of(new float[squares.length], squares.length);
    double[] norms = norms(weight);
    for (int o = 0; o < norms.length; o++) {
      start.array()[o] = (float) norms[o];
    }
    this.magnitude = new Parameter("", start, true);
  }

  /** m, [out]. */
  Parameter parameter() {
    return magnitude;
  }

  /** m / n, [out]; n counts as constant. */
  Variable factor(Tensor weight, Pass pass) {
    return MathOps.mul(magnitude, Variable.constant(reciprocals(weight, pass)));
  }

  private Tensor reciprocals(Tensor weight, Pass pass) {
    Cached last = cached;
    if (pass.cache() != null && last != null && last.generation.get() == pass.cache()) {
      return last.factors;
    }
    double[] norms = norms(weight);
    float[] factors = new float[norms.length];
    for (int o = 0; o < factors.length; o++) {
      factors[o] = (float) (1 / norms[o]);
    }
    Tensor fresh = Tensor.of(factors, factors.length);
    if (pass.cache() != null) {
      cached = new Cached(new WeakReference<>(pass.cache()), fresh);
    }
    return fresh;
  }

  private double[] norms(Tensor weight) {
    Tensor down = a.value();
    int rank = down.dim(0);
    int outputs = squares.length;
    Tensor t = Tensor.empty(rank, outputs);
    KERNELS.matmul(down, false, weight, transposed, false, t);
    Tensor g = Tensor.empty(rank, rank);
    KERNELS.matmul(down, false, down, true, false, g);
    float[] up = b.value().toFloatArray();
    float[] ts = t.toFloatArray();
    float[] gs = g.toFloatArray();
    double[] norms = new double[outputs];
    for (int o = 0; o < outputs; o++) {
      double linear = 0;
      double quadratic = 0;
      for (int r = 0; r < rank; r++) {
        double own = up[o * rank + r];
        linear += own * ts[r * outputs + o];
        double inner = 0;
        for (int q = 0; q < rank; q++) {
          inner += (double) gs[r * rank + q] * up[o * rank + q];
        }
        quadratic += own * inner;
      }
      norms[o] = Math.sqrt(Math.max(MIN, squares[o] + 2 * scale * linear + scale * scale * quadratic));
    }
    t.release();
    g.release();
    return norms;
  }

  private static double[] squares(Tensor weight, boolean transposed) {
    double[] squares = new double[weight.dim(transposed ? 0 : 1)];
    for (int row = 0; row < weight.dim(0); row++) {
      float[] values = weight.slice(row, row + 1).toFloatArray();
      for (int i = 0; i < values.length; i++) {
        squares[transposed ? row : i] += (double) values[i] * values[i];
      }
    }
    return squares;
  }

  /**
   * Multiplies what is merged by m / n.
   *
   * @param merged W + scale · B · A, an F32 tensor on the heap
   * @param weight W
   */
  void scale(Tensor merged, Tensor weight) {
    double[] norms = norms(weight);
    float[] sizes = magnitude.value().toFloatArray();
    float[] values = merged.array();
    int columns = merged.dim(1);
    for (int row = 0; row < merged.dim(0); row++) {
      for (int i = 0; i < columns; i++) {
        int o = transposed ? row : i;
        values[merged.offset() + row * columns + i] *= (float) (sizes[o] / norms[o]);
      }
    }
  }
}
