package dev.hone.core;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads numbers of any type from bytes, little-endian and not necessarily aligned. */
final class StoredElements {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private StoredElements() {}

  /** Some floats of an array as bytes. */
  static MemorySegment of(float[] array, int from, int count) {
    return MemorySegment.ofArray(array).asSlice((long) from * Float.BYTES, (long) count * Float.BYTES);
  }

  /** Widens {@code count} elements from number {@code from} on into {@code target}. */
  static void widen(MemorySegment bytes, DType dtype, long from, float[] target, int at, int count) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(bytes, F32, from * 4, target, at, count);
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.intBitsToFloat(bytes.get(I16, (from + i) * 2) << 16);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = Float.float16ToFloat(bytes.get(I16, (from + i) * 2));
        }
      }
      case F64 -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = (float) bytes.get(F64, (from + i) * 8);
        }
      }
      default -> {
        for (int i = 0; i < count; i++) {
          target[at + i] = integer(bytes, dtype, from + i);
        }
      }
    }
  }

  /** The first elements of an integer or boolean type. */
  static long[] integers(MemorySegment bytes, DType dtype, int count) {
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = integer(bytes, dtype, i);
    }
    return values;
  }

  private static long integer(MemorySegment bytes, DType dtype, long index) {
    return switch (dtype) {
      case I64 -> bytes.get(I64, index * 8);
      case I32 -> bytes.get(I32, index * 4);
      case I16 -> bytes.get(I16, index * 2);
      case I8 -> bytes.get(ValueLayout.JAVA_BYTE, index);
      case U8, BOOL -> bytes.get(ValueLayout.JAVA_BYTE, index) & 0xFF;
      default -> throw new AssertionError(dtype);
    };
  }
}
