package dev.hone.core.kernel.cuda;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.NormKernels;
import dev.hone.core.kernel.cpu.CpuNorm;
import dev.hone.core.kernel.cpu.Operands;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;

/** Layer norm and RMS norm: a block for each row, which stays in its shared memory. */
final class CudaNorm extends CudaFamily implements NormKernels {
  private static final int WARP = 32;
  private static final int PART = 256; // rows whose gradients of the weights are added up by a block
  private static final int NORM_BLOCK = 128; // of low-rank norms

  private final CudaReduce reduce;

  CudaNorm(GpuMemory memory, CudaReduce reduce) {
    super("norm", memory);
    this.reduce = reduce;
  }

  @Override
  public void layerNorm(Tensor x, Tensor residual, Tensor weight, Tensor bias, float eps, Tensor sum, Tensor y, Tensor mean,
      Tensor rstd) {
    forward("layerNorm", true, x, residual, weight, 0, bias, eps, sum, y, mean, rstd, x.shape().columns());
  }

  @Override
  public void rmsNorm(Tensor x, Tensor residual, Tensor weight, float weightOffset, float eps, Tensor sum, Tensor y,
      Tensor rstd) {
    forward("rmsNorm", false, x, residual, weight, weightOffset, null, eps, sum, y, null, rstd,
        CpuNorm.width("rmsNorm", x, weight));
  }

  @Override
  public void layerNormBackward(Tensor dy, Tensor s, Tensor weight, Tensor mean, Tensor rstd, boolean accumulate, Tensor dx,
      Tensor dWeight, Tensor dBias) {
    backward("layerNormBackward", true, dy, s, weight, 0, mean, rstd, accumulate, dx, dWeight, dBias, s.shape().columns());
  }

  @Override
  public void rmsNormBackward(Tensor dy, Tensor s, Tensor weight, float weightOffset, Tensor rstd, boolean accumulate, Tensor dx,
      Tensor dWeight) {
    backward("rmsNormBackward", false, dy, s, weight, weightOffset, null, rstd, accumulate, dx, dWeight, null,
        CpuNorm.width("rmsNormBackward", s, weight));
  }

  private void forward(String op, boolean centred, Tensor x, Tensor residual, Tensor weight, float weightOffset, Tensor bias,
      float eps, Tensor sum, Tensor y, Tensor mean, Tensor rstd, int c) {
    int rows = CpuNorm.check(op, x, residual, weight, bias, sum, y, mean, rstd, c);
    launch("norm", new Grid(rows, 1, 1, threads(c), c * Float.BYTES), centred, x, residual, weight, weightOffset, bias, eps, sum,
        y, mean, rstd, c);
  }

  private void backward(String op, boolean centred, Tensor dy, Tensor s, Tensor weight, float weightOffset, Tensor mean,
      Tensor rstd, boolean accumulate, Tensor dx, Tensor dWeight, Tensor dBias, int c) {
    int rows = CpuNorm.checkBackward(op, dy, s, weight, mean, rstd, dx, dWeight, dBias, c);
    if ((dWeight != null || dBias != null) && rows > 0) { // before dx, which may overwrite dy
      int parts = (rows + PART - 1) / PART;
      try (Room room = room(2L * parts * c * Float.BYTES)) {
        GpuAddress weights = new GpuAddress(room.buffer().address(0));
        GpuAddress biases = new GpuAddress(room.buffer().address((long) parts * c * Float.BYTES));
        launch("norm_weight_gradients", new Grid((c + WARP - 1) / WARP, parts, 1, BLOCK, 0), centred, dy, s, mean, rstd, weights,
            biases, rows, c, PART);
        add(weights, parts, c, dWeight);
        add(biases, parts, c, dBias);
      }
    }
    if (dx != null) {
      launch("norm_backward", Grid.blocks(rows, threads(c)), centred, dy, s, weight, weightOffset, mean, rstd, accumulate, dx, c);
    }
  }

  private void add(GpuAddress parts, int count, int c, Tensor gradient) {
    if (gradient != null) {
      reduce.sum(parts, 1, count, c, 1, true, GpuAddress.floats(memory().gpu(), "gradient", gradient));
    }
  }

  /** Threads of a block that treats a row: no more than it has work for. */
  private static int threads(int c) {
    return Math.clamp((c + WARP - 1) / WARP * WARP, WARP, BLOCK);
  }

  @Override
  public void lowRankNorms(double[] squares, Tensor b, Tensor t, Tensor g, double scale, Tensor numerator, Tensor y) {
    int outputs = squares.length;
    int rank = b.shape().columns();
    CpuNorm.checkLowRank(outputs, b, t, g, numerator, y);
    try (Room room = doubles(squares)) {
      launch("low_rank_norms", Grid.threads(outputs, NORM_BLOCK), room, b, t, g, scale, numerator, y, outputs, rank);
    }
  }
}
