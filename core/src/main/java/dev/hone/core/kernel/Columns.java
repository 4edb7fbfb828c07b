package dev.hone.core.kernel;

import dev.hone.core.ShapeException;
import dev.hone.core.Tensor;

/**
 * A block of columns of a row-major matrix, read or written in place: the queries within a fused query-key-value
 * projection, the gate within a fused gate-up projection.
 *
 * @param tensor [..., C], taken as rows of its last axis
 * @param from first column
 * @param width number of columns
 */
public record Columns(Tensor tensor, int from, int width) {
  public Columns {
    if (from < 0 || width < 0 || from + width > tensor.shape().columns()) {
      throw new ShapeException("columns [" + from + ", " + (from + width) + ") of " + tensor.shape());
    }
  }

  /** All columns. */
  public static Columns of(Tensor tensor) {
    return new Columns(tensor, 0, tensor.shape().columns());
  }

  /** Number of rows. */
  public int rows() {
    return tensor.shape().rows();
  }

  /** Distance between the rows in the array. */
  public int stride() {
    return tensor.shape().columns();
  }

  /** The array the columns lie in. */
  public float[] array() {
    return tensor.array();
  }

  /** Index of the first column of the first row in {@link #array()}. */
  public int offset() {
    return tensor.offset() + from;
  }
}
