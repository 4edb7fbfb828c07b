package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.Activation;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import java.util.Arrays;

/** Matrix products. */
public final class MatMulOps {
  private static final MatMulKernels KERNELS = Kernels.active().matmul();

  private MatMulOps() {}

  /**
   * y = x · wᵀ + bias. [..., K] -> [..., N].
   *
   * @param weight [N, K]; may be stored in any float type if it is frozen
   * @param bias [N] or null
   */
  public static Variable linear(Variable x, Variable weight, Variable bias) {
    return linear("linear", x, weight, true, bias);
  }

  /**
   * y = x · w + bias with the weight stored [K, N], as GPT-2's Conv1D layers do.
   *
   * @param bias [N] or null
   */
  public static Variable conv1d(Variable x, Variable weight, Variable bias) {
    return linear("conv1d", x, weight, false, bias);
  }

  private static Variable linear(String op, Variable x, Variable weight, boolean transposed, Variable bias) {
    Tensor in = x.value();
    Tensor w = weight.value();
    int outputs = w.dim(transposed ? 0 : 1);
    if (in.shape().columns() != w.dim(transposed ? 1 : 0)) {
      throw new ShapeException(op + ": the input " + in.shape() + " has " + in.shape().columns() + " columns, the weight "
          + w.shape() + " takes " + w.dim(transposed ? 1 : 0));
    }
    Tensor y = Tensor.empty(in.shape().with(-1, outputs));
    KERNELS.matmul(in, false, w, transposed, false, y, Epilogue.bias(bias == null ? null : bias.value()));
    Variable result = Variable.of(op, y)
        .pullbackInto(x, (up, dx, accumulate) -> KERNELS.matmul(up, false, w, !transposed, accumulate, dx))
        .pullbackInto(weight, (up, dw, accumulate) -> {
          if (transposed) {
            KERNELS.matmul(up, true, in, false, accumulate, dw); // dW = dyᵀ · x
          } else {
            KERNELS.matmul(in, true, up, false, accumulate, dw); // dW = xᵀ · dy
          }
        });
    return bias == null ? result : result.pullbackInto(bias, ReduceOps::sumRowsInto);
  }

  /**
   * c = op(a) · op(b). Both [M, K] · [K, N], or with equal leading axes [..., M, K] · [..., K, N], or a [..., M, K] against
   * one [K, N]. Vectors follow NumPy: [K] on the left is [1, K], on the right [K, 1], and the added axis is dropped.
   */
  public static Variable matmul(Variable a, Variable b) {
    if (a.shape().rank() == 1) {
      Variable product = matmul(ShapeOps.reshape(a, 1, a.shape().dim(0)), b);
      int[] dims = product.shape().toArray();
      int[] dropped = new int[dims.length - 1];
      for (int i = 0, j = 0; i < dims.length; i++) {
        if (i != dims.length - 2) {
          dropped[j++] = dims[i];
        }
      }
      return ShapeOps.reshape(product, dropped);
    }
    if (b.shape().rank() == 1) {
      Variable product = matmul(a, ShapeOps.reshape(b, b.shape().dim(0), 1));
      return ShapeOps.reshape(product, Arrays.copyOf(product.shape().toArray(), product.shape().rank() - 1));
    }
    if (a.shape().dim(-1) != b.shape().dim(-2)) {
      throw innerSizesDiffer(a.shape(), b.shape());
    }
    return b.shape().rank() == 2 ? flat(a, b) : batched(a, b);
  }

  /** All rows of a against one matrix. */
  private static Variable flat(Variable a, Variable b) {
    Tensor left = a.value();
    Tensor right = b.value();
    Tensor y = Tensor.empty(left.shape().with(-1, right.dim(1)));
    KERNELS.matmul(left, false, right, false, false, y);
    return Variable.of("matmul", y)
        .pullbackInto(a, (up, da, accumulate) -> KERNELS.matmul(up, false, right, true, accumulate, da))
        .pullbackInto(b, (up, db, accumulate) -> KERNELS.matmul(left, true, up, false, accumulate, db));
  }

  /** Leading axes broadcast against each other, then one product each. */
  private static Variable batched(Variable a, Variable b) {
    int[] lead = ShapeOps.broadcast("matmul", lead(a.shape()), lead(b.shape())).toArray();
    Variable left = flattened(a, lead);
    Variable right = flattened(b, lead);
    Tensor av = left.value();
    Tensor bv = right.value();
    Tensor y = Tensor.empty(av.dim(0), av.dim(1), bv.dim(2));
    KERNELS.batched(av, false, bv, false, false, y);
    Variable product = Variable.of("matmul", y)
        .pullbackInto(left, (up, da, accumulate) -> KERNELS.batched(up, false, bv, true, accumulate, da))
        .pullbackInto(right, (up, db, accumulate) -> KERNELS.batched(av, true, up, false, accumulate, db));
    int[] dims = Arrays.copyOf(lead, lead.length + 2);
    dims[lead.length] = av.dim(1);
    dims[lead.length + 1] = bv.dim(2);
    return ShapeOps.reshape(product, dims);
  }

  private static Shape lead(Shape shape) {
    return Shape.of(Arrays.copyOf(shape.toArray(), shape.rank() - 2));
  }

  private static Variable flattened(Variable x, int[] lead) {
    int[] dims = Arrays.copyOf(lead, lead.length + 2);
    dims[lead.length] = x.shape().dim(-2);
    dims[lead.length + 1] = x.shape().dim(-1);
    return ShapeOps.reshape(ShapeOps.expand(x, dims), -1, x.shape().dim(-2), x.shape().dim(-1));
  }

  private static ShapeException innerSizesDiffer(Shape lhs, Shape rhs) {
    String hint = rhs.dim(-1) == lhs.dim(-1) ? "; rhs looks transposed, try rhs.transpose(-1, -2)" : "";
    return new ShapeException("matmul: inner sizes differ: lhs " + lhs + " has " + lhs.dim(-1) + ", rhs " + rhs + " has "
        + rhs.dim(-2) + hint);
  }

  /**
   * y = activation(x · wᵀ + bias), the activation in the epilogue of the product. [..., K] -> [..., N].
   *
   * @param weight [N, K]
   * @param transposed true if the weight is [N, K], false if it is [K, N]
   * @param bias [N] or null
   */
  public static Variable linearActivation(Variable x, Variable weight, boolean transposed, Variable bias,
      Activation activation) {
    Tensor in = x.value();
    Tensor w = weight.value();
    Shape shape = in.shape().with(-1, w.dim(transposed ? 0 : 1));
    boolean save = Variable.needsGradient(x, weight, bias);
    Tensor pre = save ? Tensor.empty(shape) : null;
    Tensor y = Tensor.empty(shape);
    KERNELS.matmul(in, false, w, transposed, false, y,
        new Epilogue(1, bias == null ? null : bias.value(), activation, pre));
    return Variable.of("linearActivation", y).pullbacks(Arrays.asList(x, weight, bias), (up, targets) -> {
      Tensor dPre = Tensor.empty(shape);
      Kernels.active().elementwise().activationBackward(activation, pre, up, false, dPre);
      boolean addX = targets.accumulates(0);
      boolean addW = targets.accumulates(1);
      boolean addBias = targets.accumulates(2);
      if (targets.wants(0)) {
        KERNELS.matmul(dPre, false, w, !transposed, addX, targets.buffer(0));
      }
      if (targets.wants(1)) {
        if (transposed) {
          KERNELS.matmul(dPre, true, in, false, addW, targets.buffer(1));
        } else {
          KERNELS.matmul(in, true, dPre, false, addW, targets.buffer(1));
        }
      }
      if (targets.wants(2)) {
        ReduceOps.sumRowsInto(dPre, targets.buffer(2), addBias);
      }
      dPre.release();
    }).saves(pre);
  }
}
