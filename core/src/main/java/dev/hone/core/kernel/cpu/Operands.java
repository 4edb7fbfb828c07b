package dev.hone.core.kernel.cpu;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;

/** What the loops rely on: they index arrays without looking at shapes. */
final class Operands {
  private Operands() {}

  /** Both tensors have the same shape. */
  static void same(String op, String leftName, Tensor left, String rightName, Tensor right) {
    if (!left.shape().equals(right.shape())) {
      throw new ShapeException(op + ": " + leftName + " is " + left.shape() + ", " + rightName + " is " + right.shape()
          + "; the shapes must be equal");
    }
  }

  /** The tensor has this many elements; null passes, for operands that may be absent. */
  static void size(String op, String name, Tensor tensor, long size, String rule) {
    if (tensor != null && tensor.size() != size) {
      throw new ShapeException(op + ": " + name + " is " + tensor.shape() + ", which has " + tensor.size()
          + " elements; it must have " + size + ", " + rule);
    }
  }

  /** Every row of logits has one label, which is a class or negative. */
  static void labels(String op, Tensor logits, int[] labels) {
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

  /** A tensor seen as [outer, length, inner] has that many elements. */
  static void view(String op, String name, Tensor tensor, int outer, int length, int inner) {
    if (outer < 0 || length < 0 || inner < 0 || tensor.size() != (long) outer * length * inner) {
      throw new ShapeException(op + ": " + name + " is " + tensor.shape() + " and cannot be seen as "
          + Shape.of(Math.max(outer, 0), Math.max(length, 0), Math.max(inner, 0)));
    }
  }

  /** The array of a tensor that may be absent. */
  static float[] array(Tensor tensor) {
    return tensor == null ? null : tensor.array();
  }

  /** The offset of a tensor that may be absent. */
  static int offset(Tensor tensor) {
    return tensor == null ? 0 : tensor.offset();
  }
}
