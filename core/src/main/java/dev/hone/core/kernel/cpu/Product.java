package dev.hone.core.kernel.cpu;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.Activation;
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
    int m = transA ? a.shape().columns() : a.shape().rows();
    int k = transA ? a.shape().rows() : a.shape().columns();
    int n = transB ? b.shape().rows() : b.shape().columns();
    int inner = transB ? b.shape().columns() : b.shape().rows();
    if (k != inner) {
      throw inner("matmul", a.shape(), transA, k, b.shape(), transB, inner, n);
    }
    if (c.shape().columns() != n || c.shape().rows() != m) {
      throw new ShapeException("matmul: " + side("lhs", a.shape(), transA) + " times " + side("rhs", b.shape(), transB)
          + " is [" + m + ", " + n + "], the result to write is " + c.shape());
    }
    if (epilogue.bias() != null && epilogue.bias().size() != n) {
      throw new ShapeException("matmul: bias " + epilogue.bias().shape() + " has " + epilogue.bias().size()
          + " elements; it needs one for each of the " + n + " columns of the result " + c.shape());
    }
    if (epilogue.preActivation() != null && epilogue.preActivation().size() != c.size()) {
      throw new ShapeException("matmul: preActivation " + epilogue.preActivation().shape() + " must have the shape of the "
          + "result " + c.shape());
    }
    if (accumulate && epilogue.activation() != Activation.NONE) {
      throw new IllegalArgumentException("matmul: accumulate and activation " + epilogue.activation()
          + " exclude each other; apply the activation to the finished sum");
    }
    return new Product(m, n, k, a.array(), a.offset(), a.shape().columns(), transA, MatrixSource.of(b, loops, quantized), transB,
        accumulate, c.array(), c.offset(), epilogue);
  }

  static ShapeException inner(String op, Shape a, boolean transA, int k, Shape b, boolean transB, int inner, int other) {
    String fix = other == k ? "; rhs fits with transB = " + !transB : "";
    return new ShapeException(op + ": inner sizes differ: " + side("lhs", a, transA) + " has " + k + ", "
        + side("rhs", b, transB) + " has " + inner + fix);
  }

  static String side(String name, Shape shape, boolean transposed) {
    return name + " " + shape + (transposed ? " transposed" : "");
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
