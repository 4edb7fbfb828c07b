package dev.hone.core.kernel.cpu;

import dev.hone.core.Tensor;
import dev.hone.core.Activation;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.kernel.loops.ActivationLoops;
import dev.hone.core.kernel.loops.MatMulLoops;

/** Bias and activation on a block of a finished product, while the block is still in the cache. */
final class ProductEpilogue {
  private final MatMulLoops loops;
  private final ActivationLoops activations;

  ProductEpilogue(MatMulLoops loops, ActivationLoops activations) {
    this.loops = loops;
    this.activations = activations;
  }

  /** Finishes rows {@code row} to {@code rowEnd} and columns {@code column} to {@code columnEnd} of C. */
  void finish(Product product, int row, int rowEnd, int column, int columnEnd) {
    Epilogue epilogue = product.epilogue();
    Tensor bias = epilogue.bias();
    Tensor pre = epilogue.preActivation();
    if (bias == null && pre == null && epilogue.activation() == Activation.NONE) {
      return;
    }
    float[] c = product.c();
    int width = columnEnd - column;
    for (int r = row; r < rowEnd; r++) {
      int place = r * product.n() + column;
      int at = product.ci() + place;
      if (bias != null) {
        loops.add(bias.array(), bias.offset() + column, c, at, width);
      }
      if (pre != null) {
        System.arraycopy(c, at, pre.array(), pre.offset() + place, width);
      }
      if (epilogue.activation() != Activation.NONE) {
        activations.forward(epilogue.activation(), c, at, c, at, width);
      }
    }
  }
}
