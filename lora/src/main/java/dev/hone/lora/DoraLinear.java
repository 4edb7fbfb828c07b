package dev.hone.lora;

import dev.hone.autograd.MatMulOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.nn.KvCache;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.Pass;
import java.lang.ref.WeakReference;

/**
 * DoRA: LoRA whose outputs have trained sizes, y = m / n · (x · (W + scale · B · A)ᵀ) + bias with n the norms of the rows of
 * W + scale · B · A, which count as constants in the backward pass. Source: Liu and others 2024.
 *
 * <p>Implementation note: the sum is never formed. With G = A · Aᵀ and T = A · Wᵀ, and |W_o|² computed once,
 * n_o² = |W_o|² + 2 · scale · B_o · T_o + scale² · B_o · G · B_o.
 */
final class DoraLinear implements LinearPiece {
  private static final MatMulKernels KERNELS = Kernels.active().matmul();
  private static final double LEAST = 1e-30;

  private final LoraLinear lora;
  private final Parameter magnitude; // [out]
  private final double[] squares; // |W_o|²
  private volatile Cached cached;

  /** The factors of a generation, in which no weight changes. */
  private record Cached(WeakReference<KvCache> generation, Tensor factors) {}

  DoraLinear(LoraLinear lora, Linear base) {
    this.lora = lora;
    this.squares = squares(base);
    Tensor start = Tensor.of(new float[squares.length], squares.length);
    double[] norms = norms(base);
    for (int o = 0; o < norms.length; o++) {
      start.array()[o] = (float) norms[o];
    }
    this.magnitude = new Parameter("", start, true);
  }

  @Override
  public Variable forward(Variable x, Linear base, Pass pass) {
    Variable dropped = pass.adapterDropout(x, lora.dropout(), lora.site());
    Variable factor = MathOps.mul(magnitude, Variable.constant(reciprocals(base, pass)));
    Variable product = product(dropped, base);
    Variable adapted = MathOps.mul(LoraOps.addLowRank(product, dropped, lora.a(), lora.b(), lora.scale()), factor);
    if (dropped != x) { // PEFT leaves the base's own product without dropout: x · Wᵀ + (m / n - 1) · x' · Wᵀ + ...
      adapted = MathOps.add(adapted, MathOps.sub(product(x, base), product(dropped, base)));
    }
    return base.bias() == null ? adapted : MathOps.add(adapted, base.bias());
  }

  private static Variable product(Variable x, Linear base) {
    return base.isTransposed() ? MatMulOps.linear(x, base.weight(), null) : MatMulOps.conv1d(x, base.weight(), null);
  }

  private Tensor reciprocals(Linear base, Pass pass) {
    Cached last = cached;
    if (pass.cache() != null && last != null && last.generation.get() == pass.cache()) {
      return last.factors;
    }
    double[] norms = norms(base);
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

  /** n, the norms of the rows of W + scale · B · A. */
  private double[] norms(Linear base) {
    Tensor a = lora.a().value();
    int rank = a.dim(0);
    int outputs = squares.length;
    Tensor t = Tensor.empty(rank, outputs);
    KERNELS.matmul(a, false, base.weight().value(), base.isTransposed(), false, t);
    Tensor g = Tensor.empty(rank, rank);
    KERNELS.matmul(a, false, a, true, false, g);
    float[] b = lora.b().value().toFloatArray();
    float[] ts = t.toFloatArray();
    float[] gs = g.toFloatArray();
    double[] norms = new double[outputs];
    double scale = lora.scale();
    for (int o = 0; o < outputs; o++) {
      double linear = 0;
      double quadratic = 0;
      for (int r = 0; r < rank; r++) {
        double own = b[o * rank + r];
        linear += own * ts[r * outputs + o];
        double inner = 0;
        for (int q = 0; q < rank; q++) {
          inner += (double) gs[r * rank + q] * b[o * rank + q];
        }
        quadratic += own * inner;
      }
      norms[o] = Math.sqrt(Math.max(LEAST, squares[o] + 2 * scale * linear + scale * scale * quadratic));
    }
    t.release();
    g.release();
    return norms;
  }

  private static double[] squares(Linear base) {
    Tensor weight = base.weight().value();
    double[] squares = new double[base.outputs()];
    for (int row = 0; row < weight.dim(0); row++) {
      float[] values = weight.slice(row, row + 1).toFloatArray();
      for (int i = 0; i < values.length; i++) {
        squares[base.isTransposed() ? row : i] += (double) values[i] * values[i];
      }
    }
    return squares;
  }

  @Override
  public void mergeInto(Linear base) {
    double[] norms = norms(base);
    float[] sizes = magnitude.value().toFloatArray();
    Tensor merged = lora.merged(base);
    float[] values = merged.array();
    int columns = merged.dim(1);
    for (int row = 0; row < merged.dim(0); row++) {
      for (int i = 0; i < columns; i++) {
        int o = base.isTransposed() ? row : i;
        values[merged.offset() + row * columns + i] *= (float) (sizes[o] / norms[o]);
      }
    }
    base.weight().setValue(merged);
  }

  @Override
  public void visit(LayerVisitor visitor) {
    lora.visit(visitor);
    visitor.parameter("lora_magnitude_vector", magnitude);
  }
}
