package dev.hone.autograd;

import dev.hone.core.Shape;
import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;
import java.util.Arrays;

/**
 * A yes or no for every element of a tensor.
 *
 * @param shape of the tensor
 * @param values row-major, not copied
 */
public record Mask(Shape shape, boolean[] values) {
  public Mask {
    if (shape.size() != values.length) {
      throw new ShapeException("Mask: shape " + shape + " has " + shape.size() + " elements, the array " + values.length);
    }
  }

  /** A mask of this shape. */
  public static Mask of(boolean[] values, int... dims) {
    return new Mask(Shape.of(dims), values);
  }

  /** True where a tensor of any type is not zero. */
  public static Mask nonZero(Tensor tensor) {
    boolean[] values = new boolean[tensor.shape().length()];
    float[] numbers = tensor.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers[i] != 0;
    }
    return new Mask(tensor.shape(), values);
  }

  /** True where query row i may see key row j: keys up to its own position, the last query standing at the last key. [T, K]. */
  public static Mask causal(int queries, int keys) {
    boolean[] values = new boolean[queries * keys];
    for (int i = 0; i < queries; i++) {
      int visible = Math.max(0, i + 1 + keys - queries);
      Arrays.fill(values, i * keys, i * keys + Math.min(visible, keys), true);
    }
    return of(values, queries, keys);
  }

  /** Repeats axes of size 1, and adds axes in front, to reach a shape. */
  public Mask expand(Shape to) {
    if (shape.equals(to)) {
      return this;
    }
    ShapeOps.checkExpands("mask", shape, to);
    boolean[] repeated = new boolean[to.length()];
    int[] strides = new int[to.rank()]; // 0 along the axes that repeat
    int stride = 1;
    for (int axis = 1; axis <= shape.rank(); axis++) {
      strides[to.rank() - axis] = shape.dim(-axis) == 1 ? 0 : stride;
      stride *= shape.dim(-axis);
    }
    int[] index = new int[to.rank()];
    int source = 0;
    for (int i = 0; i < repeated.length; i++) {
      repeated[i] = values[source];
      for (int axis = to.rank() - 1; axis >= 0; axis--) {
        source += strides[axis];
        if (++index[axis] < to.dim(axis)) {
          break;
        }
        source -= index[axis] * strides[axis];
        index[axis] = 0;
      }
    }
    return new Mask(to, repeated);
  }
}
