package dev.hone.core.kernel.cpu;

import dev.hone.core.kernel.loops.MatMulLoops;
import dev.hone.core.parallel.Scratch;

/** Packs strips of the operands of a product into panels; see {@link MatMulLoops}. */
final class PanelPacking {
  private static final int WIDENED = 14;

  private final MatMulLoops loops;

  PanelPacking(MatMulLoops loops) {
    this.loops = loops;
  }

  /**
   * A strip of op(A): {@link MatMulLoops#tileRows} rows from {@code first} on, of which {@code valid} exist, by {@code length} k.
   */
  void left(Product product, int first, int valid, int depth, int length, float[] panel, int at) {
    if (product.transA()) {
      loops.packNeighbours(product.a(), product.aIndex(first, depth), product.lda(), length, loops.tileRows(), valid, panel, at);
    } else {
      loops.packAcross(product.a(), product.aIndex(first, depth), product.lda(), length, loops.tileRows(), valid, panel, at);
    }
  }

  /** A strip of op(B): columns from {@code first} on, packed as the rows of op(A) are. */
  void right(Product product, int first, int valid, int depth, int length, float[] panel, int at) {
    int width = loops.tileColumns();
    MatrixSource source = product.b();
    float[] array = source.array();
    if (product.transB()) {
      if (array != null) {
        int from = source.offset() + first * source.columns() + depth;
        loops.packAcross(array, from, source.columns(), length, width, valid, panel, at);
      } else {
        float[] rows = Scratch.floats(WIDENED, width * length);
        for (int j = 0; j < valid; j++) {
          source.read(first + j, depth, length, rows, j * length);
        }
        loops.packAcross(rows, 0, length, length, width, valid, panel, at);
      }
    } else if (array != null) {
      int from = source.offset() + depth * source.columns() + first;
      loops.packNeighbours(array, from, source.columns(), length, width, valid, panel, at);
    } else {
      float[] rows = Scratch.floats(WIDENED, width * length);
      for (int k = 0; k < length; k++) {
        source.read(depth + k, first, valid, rows, k * width);
      }
      loops.packNeighbours(rows, 0, width, length, width, valid, panel, at);
    }
  }

  /** x = factor · x, for {@code n} elements from {@code at} on. */
  static void scale(float factor, float[] x, int at, int n) {
    for (int i = at; i < at + n && factor != 1; i++) {
      x[i] *= factor;
    }
  }
}
