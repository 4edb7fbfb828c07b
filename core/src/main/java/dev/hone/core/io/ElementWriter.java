package dev.hone.core.io;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes the elements of tensors piece by piece through one small buffer, converting floats to the type of the file. */
final class ElementWriter {
  private static final int PIECE = 1 << 20; // bytes; a multiple of every element size
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE).order(ByteOrder.LITTLE_ENDIAN);
  private final MemorySegment bytes = MemorySegment.ofBuffer(buffer);

  /** Whether elements of one type can be stored as another: as they are, or floats and quantised ones as floats. */
  static boolean converts(DType from, DType to) {
    return from == to && !from.isQuantized() || (from.isFloat() || from.isQuantized()) && to.isFloat();
  }

  void write(Tensor tensor, DType dtype, AtomicFile file) throws IOException {
    int piece = PIECE / Math.max(dtype.bytes(), tensor.dtype().bytes());
    Tensor host = tensor.isReadOnly() ? tensor.to(Device.CPU) : tensor;
    float[] values = new float[(int) Math.min(piece, host.size())];
    for (long from = 0; from < tensor.size(); from += piece) {
      int count = (int) Math.min(piece, tensor.size() - from);
      if (host.isReadOnly() && host.dtype() == dtype) {
        int size = dtype.bytes();
        MemorySegment.copy(host.segment(), from * size, bytes, 0, (long) count * size);
      } else {
        host.read(from, count, values, 0);
        encode(values, 0, count, dtype);
      }
      file.write(buffer.limit(count * dtype.bytes()).position(0));
      buffer.clear();
    }
  }

  private void encode(float[] values, int from, int count, DType dtype) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(values, from, bytes, F32, 0, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          buffer.putShort(2 * i, toBFloat16(values[from + i]));
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          buffer.putShort(2 * i, Float.floatToFloat16(values[from + i]));
        }
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          buffer.putDouble(8 * i, values[from + i]);
        }
      }
      default -> throw new AssertionError(dtype);
    }
  }

  /** Rounds to the nearest bfloat16, ties to even. Adding the carry could turn a NaN into an infinity, hence its own case. */
  static short toBFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }
}
