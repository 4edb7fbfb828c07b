package dev.hone.core.kernel.cpu;

import dev.hone.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The right operand of a product: rows of floats, whatever they are stored as. A matrix in a Java array is read in place; any
 * other is widened piece by piece into an array where it is packed, so that no loop of a product knows how it is stored.
 */
abstract sealed class MatrixSource {
  private final int columns;

  private MatrixSource(int columns) {
    this.columns = columns;
  }

  /** The source that reads a tensor of a float type, [rows, columns]. */
  static MatrixSource of(Tensor tensor) {
    if (tensor.isHeap()) {
      return new InArray(tensor.array(), tensor.offset(), tensor.shape().columns());
    }
    return switch (tensor.dtype()) {
      case F32 -> new F32(tensor);
      case BF16 -> new BF16(tensor);
      case F16 -> new F16(tensor);
      default -> throw new IllegalArgumentException("matmul: rhs " + tensor + " is " + tensor.dtype()
          + "; products read F32, BF16 and F16, convert it with toF32()");
    };
  }

  /** The source that reads rows of a Java array. */
  static MatrixSource of(float[] array, int offset, int columns) {
    return new InArray(array, offset, columns);
  }

  /** Elements of one row. */
  final int columns() {
    return columns;
  }

  /** The Java array that holds the rows as they are, {@link #columns} apart, or null. */
  float[] array() {
    return null;
  }

  /** Index of the first element in {@link #array()}. */
  int offset() {
    return 0;
  }

  /** Widens {@code count} elements of a row from a column on. */
  abstract void read(int row, int column, int count, float[] target, int at);

  private static final class InArray extends MatrixSource {
    private final float[] array;
    private final int offset;

    InArray(float[] array, int offset, int columns) {
      super(columns);
      this.array = array;
      this.offset = offset;
    }

    @Override
    float[] array() {
      return array;
    }

    @Override
    int offset() {
      return offset;
    }

    @Override
    void read(int row, int column, int count, float[] target, int at) {
      System.arraycopy(array, offset + row * columns() + column, target, at, count);
    }
  }

  private static final class F32 extends MatrixSource {
    private static final ValueLayout.OfFloat LAYOUT =
        ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private final MemorySegment bytes;

    F32(Tensor tensor) {
      super(tensor.shape().columns());
      bytes = tensor.segment();
    }

    @Override
    void read(int row, int column, int count, float[] target, int at) {
      MemorySegment.copy(bytes, LAYOUT, ((long) row * columns() + column) * Float.BYTES, target, at, count);
    }
  }

  private static final class BF16 extends MatrixSource {
    private final MemorySegment bytes;

    BF16(Tensor tensor) {
      super(tensor.shape().columns());
      bytes = tensor.segment();
    }

    @Override
    void read(int row, int column, int count, float[] target, int at) {
      long first = ((long) row * columns() + column) * Short.BYTES;
      for (int i = 0; i < count; i++) {
        target[at + i] = Float.intBitsToFloat(bytes.get(HALF, first + i * 2L) << 16);
      }
    }
  }

  private static final class F16 extends MatrixSource {
    private final MemorySegment bytes;

    F16(Tensor tensor) {
      super(tensor.shape().columns());
      bytes = tensor.segment();
    }

    @Override
    void read(int row, int column, int count, float[] target, int at) {
      long first = ((long) row * columns() + column) * Short.BYTES;
      for (int i = 0; i < count; i++) {
        target[at + i] = Float.float16ToFloat(bytes.get(HALF, first + i * 2L));
      }
    }
  }

  private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
}
