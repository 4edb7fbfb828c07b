package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.HostArray;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A stored tensor that gets more rows, in the type that it is stored in: the bits of the others stay. */
public final class AppendedRows {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort F16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private AppendedRows() {}

  /**
   * A tensor with more rows below, outside the Java heap.
   *
   * @param top [V, ..] of floats
   * @param rows numbers of the new rows
   * @return [V + more, ..] of the same type
   */
  public static Tensor of(Tensor top, float[] rows) {
    DType type = top.dtype();
    long columns = top.size() / Math.max(1, top.dim(0));
    if (!type.isFloat() || columns == 0 || rows.length % columns != 0) {
      throw new IllegalArgumentException("AppendedRows: " + rows.length + " numbers are no rows of " + type + " " + top.shape());
    }
    Shape shape = top.shape().with(0, Math.addExact(top.dim(0), (int) (rows.length / columns)));
    long before = top.size() * type.bytes();
    MemorySegment bytes = Arena.ofAuto().allocate(shape.size() * type.bytes(), Long.BYTES);
    if (top.isReadOnly()) {
      MemorySegment.copy(top.to(Device.CPU).segment(), 0, bytes, 0, before);
    } else {
      try (HostArray numbers = top.onHost(HostArray.Access.READ)) {
        MemorySegment.copy(numbers.array(), numbers.offset(), bytes, F32, 0, numbers.length());
      }
    }
    for (int i = 0; i < rows.length; i++) {
      long at = before + (long) i * type.bytes();
      switch (type) {
        case F32 -> bytes.set(F32, at, rows[i]);
        case F16 -> bytes.set(F16, at, Float.floatToFloat16(rows[i]));
        case BF16 -> bytes.set(F16, at, ElementWriter.toBFloat16(rows[i]));
        default -> bytes.set(F64, at, rows[i]);
      }
    }
    return Tensor.of(bytes, type, shape);
  }
}
