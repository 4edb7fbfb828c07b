package dev.hone.core.kernel.cuda;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.LossKernels;
import dev.hone.core.kernel.cpu.Operands;
import dev.hone.core.kernel.cuda.KernelLauncher.Grid;

/** Losses: a block for each row of logits. */
final class CudaLoss extends CudaFamily implements LossKernels {
  CudaLoss(GpuMemory memory) {
    super("loss", memory);
  }

  @Override
  public void pointwise(Pointwise function, Tensor x, Tensor target, Tensor weight, float p, float q, float scale,
      Tensor gradient, Tensor loss) {
    Operands.pointwise(function, x, target, weight, gradient, loss);
    int weights = weight == null ? 1 : weight.shape().length();
    launch("pointwise", Grid.blocks(1, BLOCK), function, x, target, weight, p, q, scale, gradient, loss, x.shape().length(),
        weights);
  }

  @Override
  public void hits(Tensor logits, int[] labels, Tensor hits) {
    Operands.size("hits", "hits", hits, logits.shape().rows(), "one per row");
    Operands.labels("hits", logits, labels);
    try (Room room = ints(labels)) {
      launch("hits", Grid.blocks(labels.length, BLOCK), logits, room, hits, logits.shape().columns());
    }
  }

  @Override
  public void crossEntropy(Tensor logits, int[] labels, Tensor classWeights, float smoothing, float zLoss, boolean gradient,
      float scale, Tensor losses) {
    Operands.labels("crossEntropy", logits, labels);
    Operands.size("crossEntropy", "losses", losses, logits.shape().rows(), "one per row");
    Operands.size("crossEntropy", "classWeights", classWeights, logits.shape().columns(), "one per class");
    try (Room room = ints(labels)) {
      launch("cross_entropy", Grid.blocks(labels.length, BLOCK), logits, room, classWeights, smoothing, zLoss, gradient, scale,
          losses, logits.shape().columns());
    }
  }
}
