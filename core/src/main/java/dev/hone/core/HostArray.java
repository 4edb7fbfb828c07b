package dev.hone.core;

/**
 * The numbers of a tensor in a Java array: the tensor's own array where it lies in one, else a copy, which {@link #close}
 * writes back if it may have been written. The one door to host memory, see {@link Tensor#onHost}.
 *
 * {@snippet :
 * try (HostArray weight = parameter.value().onHost(HostArray.Access.READ_WRITE)) {
 *   for (int i = 0; i < weight.length(); i++) {
 *     weight.array()[weight.offset() + i] *= 0.5f;
 *   }
 * }
 * }
 */
public final class HostArray implements AutoCloseable {
  /** What a caller does with the numbers. */
  public enum Access {
    /** Reads them; writes to a copy are lost. */
    READ,
    /** Writes all of them, whatever was there. */
    WRITE,
    /** Reads them and writes some. */
    READ_WRITE
  }

  private final float[] array;
  private final int offset;
  private final int length;
  private Tensor target; // receives the copy; null if there is nothing to write back

  HostArray(float[] array, int offset, int length, Tensor target) {
    this.array = array;
    this.offset = offset;
    this.length = length;
    this.target = target;
  }

  /** The array; before the first number and behind the last one may lie other tensors. */
  public float[] array() {
    return array;
  }

  /** Index of the first number. */
  public int offset() {
    return offset;
  }

  /** How many numbers there are. */
  public int length() {
    return length;
  }

  /** Number {@code index} of the tensor. */
  public float get(int index) {
    return array[offset + index];
  }

  /** Sets number {@code index} of the tensor. */
  public void set(int index, float value) {
    array[offset + index] = value;
  }

  /** Writes a copy that may have been written back to where it came from. */
  @Override
  public void close() {
    if (target != null) {
      target.copyFrom(Tensor.of(array, target.shape().toArray()));
      target = null;
    }
  }
}
