package dev.hone.lora;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementwiseKernels.Binary;
import dev.hone.core.kernel.Kernels;
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
    this.magnitude = new Parameter("", lasting(norms(weight, null)), true);
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
    Tensor fresh = norms(weight, weight.emptyLike(squares.length).fill(1));
    if (pass.cache() != null) {
      fresh = lasting(fresh); // generation opens scopes within scopes
      cached = new Cached(new WeakReference<>(pass.cache()), fresh);
    }
    return fresh;
  }

  /** A copy that no scope gives back. */
  private static Tensor lasting(Tensor values) {
    return Tensor.persistent(values.device(), values.shape()).copyFrom(values);
  }

  /** n, or numerator / n; [out]. */
  private Tensor norms(Tensor weight, Tensor numerator) {
    Tensor down = a.value().to(weight.device());
    Tensor up = b.value().to(weight.device());
    Kernels kernels = Kernels.of(down);
    Tensor t = down.emptyLike(down.dim(0), squares.length);
    kernels.matmul().matmul(down, false, weight, transposed, false, t);
    Tensor g = down.emptyLike(down.dim(0), down.dim(0));
    kernels.matmul().matmul(down, false, down, true, false, g);
    Tensor y = down.emptyLike(squares.length);
    kernels.norm().lowRankNorms(squares, up, t, g, scale, numerator, y);
    return y;
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
   * @param merged W + scale · B · A, F32
   * @param weight W
   */
  void scale(Tensor merged, Tensor weight) {
    Tensor factors = norms(weight, magnitude.value()).reshape(transposed ? new int[] {-1, 1} : new int[] {-1});
    Kernels.of(merged).elementwise().binary(Binary.MUL, merged, factors, merged);
  }
}
