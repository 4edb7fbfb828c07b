package dev.hone.core.kernel;

import dev.hone.core.Activation;
import dev.hone.core.Tensor;

/** Matrix products. */
public interface MatMulKernels {
  /**
   * C = op(A) · op(B), then what the epilogue says.
   *
   * <p>A row of C has the same bits whatever other rows A has. If A is stored [K, M], the sum is one over rows and goes on from
   * {@code c}, row by row: adding batch after batch gives the bits of all rows at once.
   *
   * @param a F32 [M, K], or [K, M] if {@code transA}; leading axes are rows
   * @param b [K, N], or [N, K] if {@code transB}; any float type or quantised, heap or mapped
   * @param accumulate whether to add to {@code c}
   * @param c F32 [M, N]
   * @param epilogue bias and activation, or {@link Epilogue#NONE}
   */
  void matmul(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c, Epilogue epilogue);

  /** A product without an epilogue. */
  default void matmul(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c) {
    matmul(a, transA, b, transB, accumulate, c, Epilogue.NONE);
  }

  /**
   * C = A · op(B), then what the epilogue says, in the quickest way for a few rows: the last bits may depend on how many there
   * are. For text that is written token by token; operands as those of {@link #matmul}.
   */
  default void stream(Tensor a, Tensor b, boolean transB, Tensor c, Epilogue epilogue) {
    matmul(a, false, b, transB, false, c, epilogue);
  }

  /**
   * Bytes of scratch memory that a product with a weight takes on the device while it is computed, whatever the other operand.
   *
   * @param weight of any float type or quantised
   */
  default long scratchBytes(Tensor weight) {
    return 0;
  }

  /**
   * Bytes that {@link #layOut} takes for a weight; 0 if there is no quicker form of it, or it has it already.
   *
   * @param transB whether products take it as [N, K]
   */
  default long layoutBytes(Tensor weight, boolean transB) {
    return 0;
  }

  /**
   * Makes a second form of a frozen weight, which products then read in place of the stored one wherever it is the right
   * operand. Changes no bit of {@link #matmul}; {@link #stream} gives the bits of {@link #matmul} from then on. Does nothing for
   * a weight without a quicker form.
   */
  default void layOut(Tensor weight, boolean transB) {}

  /**
   * Has {@link #layOut} done by the call of {@link #stream} that is the {@code reads}th from now on: making the form takes the
   * time of some reads, which a short text does not pay back. {@link #stream} gives the bits of {@link #matmul} at once.
   */
  default void layOutLater(Tensor weight, boolean transB, int reads) {}

  /**
   * Independent products: C_i = op(A_i) · op(B_i) for every i of the first axis.
   *
   * @param a F32 [batch, M, K] or [batch, K, M]
   * @param b F32 [batch, K, N] or [batch, N, K]
   * @param c F32 [batch, M, N]
   */
  void batched(Tensor a, boolean transA, Tensor b, boolean transB, boolean accumulate, Tensor c);

  /**
   * What happens to a product before it is stored: y = activation(scale · x + bias).
   *
   * @param scale factor of the product; the bias and an accumulated {@code c} are not scaled
   * @param bias F32 [N], or null
   * @param activation applied last; not together with {@code accumulate}
   * @param preActivation F32 [M, N] that receives what the activation is applied to, for the backward pass, or null
   */
  record Epilogue(float scale, Tensor bias, Activation activation, Tensor preActivation) {
    /** Stores the product as it is. */
    public static final Epilogue NONE = new Epilogue(1, null, Activation.NONE, null);

    /** Adds a bias, which may be null. */
    public static Epilogue bias(Tensor bias) {
      return bias == null ? NONE : new Epilogue(1, bias, Activation.NONE, null);
    }

    /** Multiplies the product. */
    public static Epilogue scale(float scale) {
      return new Epilogue(scale, null, Activation.NONE, null);
    }
  }
}
