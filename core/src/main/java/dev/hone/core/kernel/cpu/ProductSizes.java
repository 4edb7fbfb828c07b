package dev.hone.core.kernel.cpu;

import dev.hone.core.Activation;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.MatMulKernels.Epilogue;

/**
 * The sizes of a product C = op(A) · op(B) whose operands fit.
 *
 * @param m rows of op(A) and C
 * @param n columns of op(B) and C
 * @param k columns of op(A), rows of op(B)
 */
public record ProductSizes(int m, int n, int k) {
  /** Checks the operands. */
  public static ProductSizes of(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c,
      Epilogue epilogue) {
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
    return new ProductSizes(m, n, k);
  }

  static ShapeException inner(String op, Shape a, boolean transA, int k, Shape b, boolean transB, int inner, int other) {
    String fix = other == k ? "; rhs fits with transB = " + !transB : "";
    return new ShapeException(op + ": inner sizes differ: " + side("lhs", a, transA) + " has " + k + ", "
        + side("rhs", b, transB) + " has " + inner + fix);
  }

  static String side(String name, Shape shape, boolean transposed) {
    return name + " " + shape + (transposed ? " transposed" : "");
  }
}
