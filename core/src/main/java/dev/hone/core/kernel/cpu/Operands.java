package dev.hone.core.kernel.cpu;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.LossKernels.Pointwise;

/** What kernels of any device rely on: they index memory without looking at shapes. */
public final class Operands {
  private Operands() {}

  /** Both tensors have the same shape. */
  public static void same(String op, String leftName, Tensor left, String rightName, Tensor right) {
    if (!left.shape().equals(right.shape())) {
      throw new ShapeException(op + ": " + leftName + " is " + left.shape() + ", " + rightName + " is " + right.shape()
          + "; the shapes must be equal");
    }
  }

  /** The tensor has this many elements; null passes, for operands that may be absent. */
  public static void size(String op, String name, Tensor tensor, long size, String rule) {
    if (tensor != null && tensor.size() != size) {
      throw new ShapeException(op + ": " + name + " is " + tensor.shape() + ", which has " + tensor.size()
          + " elements; it must have " + size + ", " + rule);
    }
  }

  /** Every row of logits has one label, which is a class or negative. */
  public static void labels(String op, Tensor logits, int[] labels) {
    int rows = logits.shape().rows();
    int v = logits.shape().columns();
    if (labels.length != rows) {
      throw new ShapeException(op + ": " + labels.length + " labels for the " + rows + " rows of logits " + logits.shape());
    }
    for (int row = 0; row < rows; row++) {
      if (labels[row] >= v) {
        throw new IllegalArgumentException(op + ": the label of row " + row + " is " + labels[row] + ", logits "
            + logits.shape() + " have classes 0 to " + (v - 1));
      }
    }
  }

  /** Operands of a loss of single numbers. */
  public static void pointwise(Pointwise function, Tensor x, Tensor target, Tensor weight, Tensor gradient, Tensor loss) {
    String op = "pointwise " + function;
    same(op, "x", x, "gradient", gradient);
    size(op, "loss", loss, 1, "the sum");
    if (function != Pointwise.FOCAL && function != Pointwise.HINGE) {
      same(op, "x", x, "target", target);
    }
    if (weight != null && weight.size() != x.size()) {
      size(op, "weight", weight, x.shape().columns(), "one per class");
    }
  }

  /** A tensor seen as [outer, length, inner] has that many elements. */
  public static void view(String op, String name, Tensor tensor, int outer, int length, int inner) {
    if (outer < 0 || length < 0 || inner < 0 || tensor.size() != (long) outer * length * inner) {
      throw new ShapeException(op + ": " + name + " is " + tensor.shape() + " and cannot be seen as "
          + Shape.of(Math.max(outer, 0), Math.max(length, 0), Math.max(inner, 0)));
    }
  }

  /** The array of a tensor that may be absent. */
  public static float[] array(Tensor tensor) {
    return tensor == null ? null : tensor.array();
  }

  /** The offset of a tensor that may be absent. */
  public static int offset(Tensor tensor) {
    return tensor == null ? 0 : tensor.offset();
  }
}
