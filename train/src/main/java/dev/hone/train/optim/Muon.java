package dev.hone.train.optim;

import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.ElementRule;
import dev.hone.core.kernel.ElementwiseKernels.Unary;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;

/**
 * Momentum whose matrix is made nearly orthogonal by five Newton-Schulz iterations (Jordan and others 2024), as torch has it
 * but in float32. For matrices alone; weight decay is decoupled.
 *
 * @param momentum decay of the mean of gradients
 * @param nesterov whether a step looks one step ahead
 * @param matchAdamW whether steps get the size that AdamW's usually have (0.2 · √(larger side)), so that its rates fit; else
 *     √(rows / columns) for tall matrices
 */
public record Muon(double momentum, boolean nesterov, boolean matchAdamW) implements UpdateRule {
  private static final int ITERATIONS = 5;
  private static final float A = 3.4445f;
  private static final float B = -4.7750f;
  private static final float C = 2.0315f;
  private static final double MIN_NORM = 1e-7;

  @Override
  public boolean takes(int rank) {
    return rank == 2;
  }

  @Override
  public double bytesPerElement() {
    return Float.BYTES;
  }

  @Override
  public void update(ParameterState state, Tensor gradient, double rate, double decay, float scale) {
    Tensor value = state.parameter().value();
    Tensor mean = state.tensor("momentum_buffer");
    float keep = (float) momentum;
    float rest = (float) (1 - momentum);
    int rows = mean.dim(0);
    int columns = mean.dim(1);
    float size = (float) (rate * (matchAdamW ? 0.2 * Math.sqrt(Math.max(rows, columns))
        : Math.sqrt(Math.max(1, (double) rows / columns))));
    try (Scope _ = Scope.open()) {
      Tensor direction = mean.emptyLike(mean.shape());
      Optimizer.now(ElementRule.MOMENTUM, new float[] {scale, keep, rest, nesterov ? rest : 0, nesterov ? keep : 1}, direction,
          gradient, mean);
      Optimizer.now(ElementRule.ALONG, new float[] {(float) (1 - rate * decay), size}, value, orthogonal(direction));
    }
  }

  /**
   * U·S'·Vᵀ of x = U·S·Vᵀ with S' near 1: x ← a·x + (b·G + c·G²)·x with G = x·xᵀ, over the shorter side. For a tall x the
   * same is done from the right, x·(b·G + c·G²) with G = xᵀ·x, so nothing is transposed.
   */
  private static Tensor orthogonal(Tensor x) {
    Kernels kernels = Kernels.of(x);
    MatMulKernels products = kernels.matmul();
    boolean tall = x.dim(0) > x.dim(1);
    int side = Math.min(x.dim(0), x.dim(1));
    double norm = Math.max(MIN_NORM, Math.sqrt(kernels.reduce().sumOfSquares(x)));
    kernels.elementwise().unary(Unary.AFFINE, (float) (1 / norm), 0, x, x);
    Tensor now = x;
    for (int i = 0; i < ITERATIONS; i++) {
      Tensor gram = x.emptyLike(side, side);
      products.matmul(now, tall, now, !tall, false, gram);
      Tensor square = x.emptyLike(side, side);
      products.matmul(gram, false, gram, false, false, square);
      kernels.elementwise().unary(Unary.AFFINE, C, 0, square, square);
      kernels.elementwise().addScaled(B, gram, square);
      Tensor next = x.emptyLike(x.shape());
      products.matmul(tall ? now : square, false, tall ? square : now, false, false, next);
      kernels.elementwise().addScaled(A, now, next);
      gram.release();
      square.release();
      now = next;
    }
    return now;
  }
}
