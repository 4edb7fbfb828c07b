package dev.hone.autograd;

import dev.hone.core.Activation;
import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.kernel.MatMulKernels;
import dev.hone.core.kernel.MatMulKernels.Epilogue;
import java.util.Arrays;

/** Matrix products. */
public final class MatMulOps {
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
    Tensor b = bias == null ? null : bias.value();
    Tensor y = in.emptyLike(linearShape(op, in.shape(), w.shape(), transposed));
    MatMulKernels kernels = Kernels.of(op, in, w, b).matmul();
    product(kernels, in, w, transposed, y, Epilogue.bias(b));
    Variable result = Variable.of(op, y)
        .pullbackInto(weight, (up, dw, accumulate) -> weightGradient(x, up, transposed, accumulate, dw))
        .pullbackInto(x, (up, dx, accumulate) -> kernels.matmul(up, false, w, !transposed, accumulate, dx));
    if (bias != null) {
      result.pullbackInto(bias, ReduceOps::sumRowsInto);
    }
    return result.saves(weight.requiresGradient() ? x.recallable() : null, weight.value()).roundable(x.recallable());
  }

  /** y = x · w, or x · wᵀ if {@code transposed}, then what the epilogue says. */
  private static void product(MatMulKernels kernels, Tensor x, Tensor w, boolean transposed, Tensor y, Epilogue epilogue) {
    if (GradMode.isGenerating()) {
      kernels.stream(x, w, transposed, y, epilogue);
    } else {
      kernels.matmul(x, false, w, transposed, false, y, epilogue);
    }
  }

  /** dW = dyᵀ · x if the weight is [N, K], else xᵀ · dy. */
  private static void weightGradient(Variable x, Tensor dy, boolean transposed, boolean accumulate, Tensor dw) {
    MatMulKernels kernels = Kernels.of(dy).matmul();
    x.recall(in -> {
      if (transposed) {
        kernels.matmul(matrix(dy), true, matrix(in), false, accumulate, dw);
      } else {
        kernels.matmul(matrix(in), true, matrix(dy), false, accumulate, dw);
      }
    });
  }

  /**
   * y = activation(x · wᵀ + bias) in one pass over memory. [..., K] -> [..., N].
   *
   * @param weight [N, K], or [K, N] if not {@code transposed}
   * @param transposed whether the product takes the weight transposed, as {@link #linear} does and {@link #conv1d} does not
   * @param bias [N] or null
   */
  public static Variable linearActivation(Variable x, Variable weight, boolean transposed, Variable bias,
      Activation activation) {
    Tensor in = x.value();
    Tensor w = weight.value();
    Shape shape = linearShape("linearActivation", in.shape(), w.shape(), transposed);
    boolean save = Variable.needsGradient(x, weight, bias);
    Tensor b = bias == null ? null : bias.value();
    Tensor pre = save ? in.emptyLike(shape) : null;
    Tensor y = in.emptyLike(shape);
    Kernels kernels = Kernels.of("linearActivation", in, w, b);
    product(kernels.matmul(), in, w, transposed, y, new Epilogue(1, b, activation, pre));
    return Variable.of("linearActivation", y).pullbacks(Arrays.asList(x, weight, bias), (up, targets) -> {
      Tensor dPre = pre; // in place: nobody else reads it, and its consumers' pull-backs are done
      kernels.elementwise().activationBackward(activation, pre, up, false, dPre);
      boolean addX = targets.accumulates(0);
      boolean addW = targets.accumulates(1);
      boolean addBias = targets.accumulates(2);
      if (targets.wants(1)) {
        weightGradient(x, dPre, transposed, addW, targets.buffer(1));
      }
      if (targets.wants(0)) {
        kernels.matmul().matmul(dPre, false, w, !transposed, addX, targets.buffer(0));
      }
      if (targets.wants(2)) {
        ReduceOps.sumRowsInto(dPre, targets.buffer(2), addBias);
      }
    }).saves(pre, weight.requiresGradient() ? x.recallable() : null, weight.value()).roundable(pre, x.recallable())
        .recomputedBy(() -> ActivationOps.again(activation, pre));
  }

  private static Shape linearShape(String op, Shape x, Shape weight, boolean transposed) {
    int inputs = weight.dim(transposed ? 1 : 0);
    if (x.rank() == 0 || x.columns() != inputs) {
      throw new ShapeException(op + ": the input " + x + " has " + x.columns() + " columns, the weight " + weight + " takes "
          + inputs);
    }
    return x.with(-1, weight.dim(transposed ? 0 : 1));
  }

  /**
   * a · b: [M, K] · [K, N], or with equal leading axes [..., M, K] · [..., K, N], or a [..., M, K] against
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
    Tensor y = left.emptyLike(left.shape().with(-1, right.dim(1)));
    MatMulKernels kernels = Kernels.of("matmul", left, right).matmul();
    kernels.matmul(left, false, right, false, false, y);
    return Variable.of("matmul", y)
        .pullbackInto(a, (up, da, accumulate) -> kernels.matmul(up, false, right, true, accumulate, da))
        .pullbackInto(b, (up, db, accumulate) -> kernels.matmul(matrix(left), true, matrix(up), false, accumulate, db))
        .saves(Variable.needsGradient(b) ? left : null, Variable.needsGradient(a) ? right : null)
        .roundable(left, right);
  }

  /** All axes but the last as rows. A view. */
  private static Tensor matrix(Tensor x) {
    return x.reshape(x.shape().rows(), x.shape().columns());
  }

  /** Leading axes broadcast against each other, then one product each. */
  private static Variable batched(Variable a, Variable b) {
    int[] lead = ShapeOps.broadcast("matmul", lead(a.shape()), lead(b.shape())).toArray();
    Variable left = flattened(a, lead);
    Variable right = flattened(b, lead);
    Tensor av = left.value();
    Tensor bv = right.value();
    Tensor y = av.emptyLike(av.dim(0), av.dim(1), bv.dim(2));
    MatMulKernels kernels = Kernels.of("matmul", av, bv).matmul();
    kernels.batched(av, false, bv, false, false, y);
    Variable product = Variable.of("matmul", y)
        .pullbackInto(left, (up, da, accumulate) -> kernels.batched(up, false, bv, true, accumulate, da))
        .pullbackInto(right, (up, db, accumulate) -> kernels.batched(av, true, up, false, accumulate, db))
        .saves(Variable.needsGradient(right) ? av : null, Variable.needsGradient(left) ? bv : null)
        .roundable(av, bv);
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
   * Convolution over the last axis, as matrix product of unfolded windows. [B, I, L] -> [B, O, (L + 2 · padding - K) / stride
   * + 1].
   *
   * @param weight [O, I, K]
   * @param bias [O] or null
   * @param stride distance of the windows
   * @param padding zeros added at either end
   */
  public static Variable convolution(Variable x, Variable weight, Variable bias, int stride, int padding) {
    Shape in = x.shape();
    Shape w = weight.shape();
    if (in.rank() != 3 || w.rank() != 3 || in.dim(1) != w.dim(1) || stride < 1 || padding < 0) {
      throw new ShapeException("convolution: the input " + in + " must be [B, I, L] and the weight " + w + " [O, I, K] with the "
          + "same I; stride " + stride + " at least 1, padding " + padding + " at least 0");
    }
    int channels = in.dim(1);
    int length = in.dim(2);
    int width = w.dim(2);
    int windows = (length + 2 * padding - width) / stride + 1;
    if (length + 2 * padding < width) {
      throw new ShapeException("convolution: the windows of " + w + " are longer than the input " + in + " with padding "
          + padding);
    }
    int[] elements = new int[in.dim(0) * windows * channels * width]; // [B, window, I, K]: where each comes from
    for (int i = 0; i < elements.length; i++) {
      int channel = i / width % channels;
      int window = i / width / channels;
      int at = window % windows * stride + i % width - padding;
      elements[i] = at < 0 || at >= length ? -1 : (window / windows * channels + channel) * length + at;
    }
    Variable unfolded = ShapeOps.reshape(GatherOps.rows(ShapeOps.reshape(x, -1, 1), elements), in.dim(0), windows,
        channels * width);
    Variable y = linear(unfolded, ShapeOps.reshape(weight, w.dim(0), channels * width), bias);
    return ShapeOps.transpose(y, 1, 2);
  }
}
