package dev.hone.core.kernel.cpu;

import dev.hone.core.Tensor;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import dev.hone.core.kernel.loops.GatherLoops;
import dev.hone.core.kernel.loops.QuantLoops;

/**
 * One product C = op(A) · op(B), checked and taken apart.
 *
 * @param m rows of op(A) and C
 * @param n columns of op(B) and C
 * @param k columns of op(A), rows of op(B)
 * @param a array of A, whose first element is at {@code ai} and whose rows are {@code lda} apart
 * @param transA whether A is stored as [K, M]
 * @param b the right operand
 * @param transB whether B is stored as [N, K]
 * @param accumulate whether to add to C
 * @param c array of C, whose first element is at {@code ci} and whose rows are {@code n} apart
 * @param epilogue what happens to the sums
 */
record Product(int m, int n, int k, float[] a, int ai, int lda, boolean transA, MatrixSource b, boolean transB,
    boolean accumulate, float[] c, int ci, Epilogue epilogue) {

  static Product of(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c, Epilogue epilogue,
      GatherLoops loops, QuantLoops quantized) {
    ProductSizes sizes = ProductSizes.of(a, transA, b, transB, accumulate, c, epilogue);
    return new Product(sizes.m(), sizes.n(), sizes.k(), a.array(), a.offset(), a.shape().columns(), transA, MatrixSource.of(b,
        loops, quantized), transB,
        accumulate, c.array(), c.offset(), epilogue);
  }

  /** Index in A of element (row, k). */
  int aIndex(int row, int at) {
    return transA ? ai + at * lda + row : ai + row * lda + at;
  }

  /** The left operand as rows, which it is stored as. */
  MatrixSource left() {
    return MatrixSource.of(a, ai, lda);
  }
}
