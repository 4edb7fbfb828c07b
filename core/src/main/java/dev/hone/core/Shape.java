package dev.hone.core;

import java.util.Arrays;

/** The sizes of a tensor's axes, slowest first. A scalar has no axes and one element. Immutable. */
public final class Shape {
  private static final Shape SCALAR = new Shape(new int[0]);

  private final int[] dims;
  private final long size;

  private Shape(int[] dims) {
    this.dims = dims;
    long product = 1;
    for (int dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException("Shape: sizes must not be negative, got " + Arrays.toString(dims));
      }
      try {
        product = Math.multiplyExact(product, dim);
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException("Shape: " + Arrays.toString(dims) + " has more than 2^63 elements", e);
      }
    }
    this.size = product;
  }

  /** The shape with these sizes. */
  public static Shape of(int... dims) {
    return dims.length == 0 ? SCALAR : new Shape(dims.clone());
  }

  /** A shape of {@code size} elements, one size of which may be -1: whatever is left. */
  static Shape filledBy(long size, int... dims) {
    int[] sizes = dims.clone();
    int open = -1;
    long known = 1;
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] != -1) {
        known *= sizes[i];
      } else if (open >= 0) {
        throw new ShapeException("reshape: " + Arrays.toString(dims) + " has more than one -1");
      } else {
        open = i;
      }
    }
    if (open >= 0 && known > 0) {
      sizes[open] = (int) (size / known);
    }
    return Shape.of(sizes);
  }

  /** Number of axes. */
  public int rank() {
    return dims.length;
  }

  /** Size of an axis; negative axes count from the end, so {@code dim(-1)} is the last. */
  public int dim(int axis) {
    return dims[axis(axis)];
  }

  /** The axis as a number from 0, negative ones counted from the end. */
  public int axis(int axis) {
    int index = axis < 0 ? axis + dims.length : axis;
    if (index < 0 || index >= dims.length) {
      throw new IllegalArgumentException("axis " + axis + " of " + this + ", which has " + dims.length + " axes");
    }
    return index;
  }

  /** Number of elements. */
  public long size() {
    return size;
  }

  /** Number of elements as an int, for what is computed in Java arrays. */
  public int length() {
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("Shape " + this + ": " + size + " elements are more than a Java array holds");
    }
    return (int) size;
  }

  /** Product of the sizes of the axes {@code from} (inclusive) to {@code to} (exclusive). */
  public int product(int from, int to) {
    long product = 1;
    for (int i = from; i < to; i++) {
      product *= dims[i];
    }
    return Math.toIntExact(product);
  }

  /** Number of rows when all axes but the last are taken together: {@code [2, 3, 4]} has 6. A scalar has one. */
  public int rows() {
    return dims.length == 0 ? 1 : product(0, dims.length - 1);
  }

  /** Size of the last axis, 1 for a scalar. */
  public int columns() {
    return dims.length == 0 ? 1 : dims[dims.length - 1];
  }

  /** A copy of the sizes. */
  public int[] toArray() {
    return dims.clone();
  }

  /** This shape with another size on one axis. */
  public Shape with(int axis, int dim) {
    int[] copy = dims.clone();
    copy[axis(axis)] = dim;
    return new Shape(copy);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** As in messages: {@code [2, 7, 768]}. */
  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
